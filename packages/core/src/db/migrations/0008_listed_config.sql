-- What a list shows of a configuration: all but the signatures of events. One deployment's may take 200 KB, a page of them 20 MB.
create function listed_config(config jsonb) returns jsonb language sql immutable parallel safe as $$
  select case jsonb_typeof(config -> 'contracts')
    when 'array' then jsonb_set(config, '{contracts}', coalesce(
      (select jsonb_agg(contract - 'events' order by position) from jsonb_array_elements(config -> 'contracts') with ordinality as listed (contract, position)),
      '[]'))
    else config
  end
$$;
alter table deployments add column listed_config jsonb generated always as (listed_config(config)) stored;
