-- An answer is kept with the change it answers for, and its primary key alone decides between attempts: no claims before it.

-- Forced row-level security binds the owner too.
alter table idempotency_keys no force row level security;
delete from idempotency_keys where response_status is null;
alter table idempotency_keys force row level security;

alter table idempotency_keys
  drop column claim,
  drop column claimed_until,
  alter column response_status set not null,
  alter column response_body set not null;

-- An answer is never changed.
revoke update on idempotency_keys from obelisk_app;
