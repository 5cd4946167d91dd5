-- What bounds an organization and keeps the sweeps cheap.

-- Fails where there is more than there may be; the detail says how much. Sent in the last round trip of what adds one.
create function refuse_beyond(allowed bigint, used bigint) returns void language plpgsql as $$
begin
  if used > allowed then
    raise exception 'a limit of % is exceeded', allowed using errcode = 'OB402', detail = used::text;
  end if;
end $$;

-- What the limits count.
create index deployments_counted on deployments (organization_id) where status <> 'deprovisioned';
create index api_keys_counted on api_keys (organization_id) where revoked_at is null;

-- What the sweeps look for.
create index sessions_by_expiry on sessions (expires_at);
create index verifications_by_expiry on verifications (expires_at);
create index rate_windows_by_start on rate_windows (window_start);

-- What goes with an organization: without these, deleting one reads both tables as a whole.
create index sessions_by_active_organization on sessions (active_organization_id);
create index idempotency_keys_by_organization on idempotency_keys (organization_id);
