-- People, their sessions, and the organizations they work in.
-- obelisk_app sees one organization, the one named by app.organization_id. obelisk_system sees all rows and owns none.

create function current_organization() returns text language sql stable parallel safe
  return nullif(current_setting('app.organization_id', true), '');

-- Owned by the auth library's model: obelisk_app has no grant on these four.
create table users (
  id text primary key,
  name text not null,
  email text not null unique,
  email_verified boolean not null default false,
  image text,
  role text not null default 'user' check (role in ('user', 'admin')),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table sessions (
  id text primary key,
  user_id text not null references users (id) on delete cascade,
  token text not null unique,
  expires_at timestamptz not null,
  ip_address text,
  user_agent text,
  active_organization_id text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index sessions_by_user on sessions (user_id);

create table accounts (
  id text primary key,
  user_id text not null references users (id) on delete cascade,
  account_id text not null,
  provider_id text not null,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamptz,
  refresh_token_expires_at timestamptz,
  scope text,
  password text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (provider_id, account_id)
);
create index accounts_by_user on accounts (user_id);

create table verifications (
  id text primary key,
  identifier text not null,
  value text not null,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index verifications_by_identifier on verifications (identifier);

create table organizations (
  id text primary key,
  name text not null,
  slug text not null unique,
  created_at timestamptz not null default now()
);

alter table sessions add foreign key (active_organization_id) references organizations (id) on delete set null;

create table members (
  organization_id text not null references organizations (id) on delete cascade,
  id text not null,
  user_id text not null references users (id) on delete cascade,
  role text not null check (role in ('owner', 'admin', 'member')),
  created_at timestamptz not null default now(),
  primary key (organization_id, id),
  unique (organization_id, user_id)
);
create index members_by_user on members (user_id);

create table api_keys (
  organization_id text not null references organizations (id) on delete cascade,
  id text not null unique,
  name text not null,
  prefix text not null,
  last_four text not null,
  token_hash bytea not null unique,
  previous_token_hash bytea unique,
  previous_token_expires_at timestamptz,
  scopes text[] not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  last_used_ip text,
  primary key (organization_id, id)
);

-- Counters only: losing them in a crash opens a new window, which is why they need no log.
create unlogged table rate_windows (
  key_id text primary key,
  window_start bigint not null,
  used integer not null
);

create table idempotency_keys (
  organization_id text not null references organizations (id) on delete cascade,
  key_id text not null,
  route text not null,
  idempotency_key text not null,
  request_hash bytea not null,
  -- Who works on it and until when; another attempt may take over after that.
  claim text not null,
  claimed_until timestamptz not null,
  response_status integer,
  response_body text,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  primary key (key_id, route, idempotency_key)
);
create index idempotency_keys_by_expiry on idempotency_keys (expires_at);
