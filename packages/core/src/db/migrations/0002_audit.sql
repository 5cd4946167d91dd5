-- The audit log: append-only, hash-chained per organization. audit_heads holds where each chain ends, so that entries cut off the
-- end are noticed too.

create table audit_heads (
  organization_id text primary key references organizations (id),
  sequence bigint not null,
  hash text not null
);

create table audit_entries (
  organization_id text not null references organizations (id),
  sequence bigint not null,
  id text not null,
  at timestamptz not null,
  actor_type text not null check (actor_type in ('user', 'api_key', 'system', 'webhook')),
  actor_id text not null,
  actor_label text not null,
  action text not null,
  target_type text not null,
  target_id text not null,
  target_label text not null,
  data jsonb not null,
  request_id text not null,
  ip text,
  hash text not null,
  primary key (organization_id, sequence)
);
create index audit_entries_by_action on audit_entries (organization_id, action, sequence desc);
create index audit_entries_by_actor on audit_entries (organization_id, actor_id, sequence desc);
create index audit_entries_by_target on audit_entries (organization_id, target_id, sequence desc);
create index audit_entries_by_time on audit_entries (organization_id, at desc);

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only: % refused', tg_op using errcode = 'insufficient_privilege';
end $$;

create trigger audit_entries_append_only before update or delete on audit_entries
  for each row execute function refuse_audit_change();
create trigger audit_entries_no_truncate before truncate on audit_entries
  for each statement execute function refuse_audit_change();
