-- What teams want to run, the tasks that make it so, and what runs.

create table networks (
  slug text primary key,
  name text not null,
  family text not null,
  chain_id bigint not null,
  -- JSON array of RPC URLs, sealed: they often carry the operator's credentials.
  sealed_rpc_urls text not null,
  development boolean not null default false,
  enabled boolean not null default true,
  created_at timestamptz not null default now()
);

create table templates (
  id text primary key,
  kind text not null,
  name text not null,
  description text not null,
  enabled boolean not null default true,
  memory_bytes bigint not null,
  cpu_cores real not null
);

insert into templates (id, kind, name, description, memory_bytes, cpu_cores) values
  ('evm-events', 'indexer', 'EVM events', 'Contract events into typed tables, by GraphQL and REST', 536870912, 1);

create table deployments (
  organization_id text not null references organizations (id),
  id text not null unique,
  kind text not null,
  name text not null,
  slug text not null unique,
  template text not null references templates (id),
  status text not null check (status in
    ('queued', 'provisioning', 'running', 'degraded', 'suspending', 'suspended', 'deprovisioning', 'deprovisioned', 'failed')),
  desired_state text not null check (desired_state in ('running', 'suspended', 'deprovisioned')),
  visibility text not null default 'private' check (visibility in ('private', 'public')),
  -- What a reader sees of the configuration.
  config jsonb not null,
  -- What the runtime is started with: the whole specification, sealed, since RPC URLs may carry credentials.
  sealed_spec text not null,
  -- The runtime's database password, sealed; null until it is prepared.
  sealed_database_password text,
  -- Grows by one whenever a task or a worker takes charge; effects carrying a smaller one are refused.
  epoch bigint not null default 0,
  health jsonb,
  failure jsonb,
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (organization_id, id)
);
create index deployments_by_kind on deployments (organization_id, kind, id desc);
create index deployments_by_status on deployments (organization_id, kind, status, id desc);
create index deployments_by_desired_state on deployments (desired_state) where desired_state = 'running';

create table tasks (
  organization_id text not null,
  id text not null unique,
  deployment_id text not null,
  action text not null check (action in ('provision', 'suspend', 'resume', 'redeploy', 'deprovision')),
  status text not null check (status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  attempt integer not null default 0,
  rerun_of text,
  -- Where the deployment stood before the task: what a cancelled task gives back.
  former_status text not null,
  former_desired_state text not null,
  requested_by text not null,
  request_id text not null,
  -- The lease: who works on it, with which epoch of the deployment, until when.
  lease_owner text,
  lease_epoch bigint,
  lease_expires_at timestamptz,
  heartbeat_at timestamptz,
  cancel_requested_at timestamptz,
  deadline_at timestamptz not null,
  failure jsonb,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  primary key (organization_id, id),
  foreign key (organization_id, deployment_id) references deployments (organization_id, id)
);
create unique index tasks_one_active_per_deployment on tasks (deployment_id) where status in ('queued', 'running');
create index tasks_by_deployment on tasks (organization_id, deployment_id, id desc);
create index tasks_unfinished on tasks (status, created_at) where status in ('queued', 'running');

create table task_steps (
  organization_id text not null,
  task_id text not null,
  attempt integer not null,
  position integer not null,
  name text not null,
  status text not null check (status in ('pending', 'running', 'succeeded', 'failed', 'cancelled')),
  detail text,
  started_at timestamptz,
  finished_at timestamptz,
  primary key (organization_id, task_id, attempt, position),
  foreign key (organization_id, task_id) references tasks (organization_id, id)
);

create table workers (
  id text primary key,
  host text not null,
  pid integer not null,
  version text not null,
  driver text not null,
  -- Templates whose program this worker can start.
  templates text[] not null,
  -- Instances it takes at most, and has.
  capacity integer not null,
  instances integer not null default 0,
  started_at timestamptz not null default now(),
  heartbeat_at timestamptz not null default now()
);

-- The program that runs for a deployment, and the worker that answers for it while the lease lasts.
create table instances (
  organization_id text not null,
  deployment_id text not null unique,
  worker_id text not null,
  epoch bigint not null,
  lease_expires_at timestamptz not null,
  state text not null check (state in ('starting', 'ready', 'backing_off', 'stopped')),
  address text,
  sealed_token text,
  restarts integer not null default 0,
  started_at timestamptz,
  last_exit text,
  cpu real,
  memory_bytes bigint,
  primary key (organization_id, deployment_id),
  foreign key (organization_id, deployment_id) references deployments (organization_id, id)
);
create index instances_by_worker on instances (worker_id);
create index instances_by_lease on instances (lease_expires_at);

create table runtime_logs (
  organization_id text not null,
  deployment_id text not null,
  sequence bigint generated always as identity,
  at timestamptz not null,
  stream text not null check (stream in ('stdout', 'stderr', 'system')),
  level text not null check (level in ('debug', 'info', 'warn', 'error')),
  message text not null,
  primary key (deployment_id, sequence),
  foreign key (organization_id, deployment_id) references deployments (organization_id, id)
);
create index runtime_logs_by_age on runtime_logs (at);

create table health_samples (
  organization_id text not null,
  deployment_id text not null,
  at timestamptz not null,
  synced_block bigint,
  head_block bigint,
  lag_blocks bigint,
  cpu real,
  memory_bytes bigint,
  primary key (deployment_id, at),
  foreign key (organization_id, deployment_id) references deployments (organization_id, id)
);
create index health_samples_by_age on health_samples (at);

-- One channel tells every process what changed; listeners read the row. Identical payloads of one transaction are sent once.
create function announce_deployment() returns trigger language plpgsql as $$
begin
  perform pg_notify('obelisk_changes', json_build_object(
    'organizationId', new.organization_id, 'deploymentId', new.id, 'topic', 'deployment')::text);
  return null;
end $$;
create trigger deployments_announce after insert or update on deployments for each row execute function announce_deployment();

create function announce_task() returns trigger language plpgsql as $$
begin
  perform pg_notify('obelisk_changes', json_build_object(
    'organizationId', new.organization_id, 'deploymentId', new.deployment_id, 'topic', 'deployment')::text);
  return null;
end $$;
-- Not with every heartbeat: only with what a reader would see change.
create trigger tasks_announce after insert or update of status, attempt, cancel_requested_at on tasks
  for each row execute function announce_task();

create function announce_step() returns trigger language plpgsql as $$
begin
  perform pg_notify('obelisk_changes', json_build_object('organizationId', new.organization_id, 'topic', 'deployment',
    'deploymentId', (select deployment_id from tasks where organization_id = new.organization_id and id = new.task_id))::text);
  return null;
end $$;
create trigger task_steps_announce after insert or update on task_steps for each row execute function announce_step();

create function announce_logs() returns trigger language plpgsql as $$
declare line record;
begin
  for line in select distinct organization_id, deployment_id from added loop
    perform pg_notify('obelisk_changes', json_build_object(
      'organizationId', line.organization_id, 'deploymentId', line.deployment_id, 'topic', 'logs')::text);
  end loop;
  return null;
end $$;
create trigger runtime_logs_announce after insert on runtime_logs referencing new table as added
  for each statement execute function announce_logs();
