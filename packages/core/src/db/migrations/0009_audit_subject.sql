-- A deployment's story is in entries about it and in those about its tasks, which name it in their data. A column, not an index on the expression:
-- reading JSON isn't leakproof, so row-level security would keep the condition out of the index.
alter table audit_entries add column subject_id text not null generated always as (coalesce(data ->> 'deploymentId', target_id)) stored;
create index audit_entries_by_subject on audit_entries (organization_id, subject_id, sequence desc);
