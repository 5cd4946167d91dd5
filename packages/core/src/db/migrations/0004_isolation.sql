-- Row-level security on every table that carries an organization, forced on the owner too, and the grants of the two platform roles.

do $$
declare tenant_table text;
begin
  for tenant_table in
    select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attname = 'organization_id' and not a.attisdropped
  loop
    execute format('alter table %I enable row level security', tenant_table);
    execute format('alter table %I force row level security', tenant_table);
    execute format('create policy tenant on %I to obelisk_app using (organization_id = (select current_organization()))
      with check (organization_id = (select current_organization()))', tenant_table);
    execute format('create policy every_tenant on %I to obelisk_system using (true) with check (true)', tenant_table);
  end loop;
end $$;

alter table organizations enable row level security;
alter table organizations force row level security;
create policy tenant on organizations to obelisk_app using (id = (select current_organization()));
create policy every_tenant on organizations to obelisk_system using (true) with check (true);

revoke all on schema public from public;
grant usage on schema public to obelisk_app, obelisk_system;

grant select on organizations, members, networks, templates, workers to obelisk_app;
grant insert on members to obelisk_app;
grant select, insert, update on api_keys, audit_heads, deployments, tasks, task_steps to obelisk_app;
grant select, insert, update, delete on idempotency_keys to obelisk_app;
grant select, insert on audit_entries to obelisk_app;
grant select on instances, runtime_logs, health_samples to obelisk_app;

grant select, insert, update, delete on all tables in schema public to obelisk_system;
revoke update, delete, truncate on audit_entries from obelisk_system;
grant usage on all sequences in schema public to obelisk_system;
