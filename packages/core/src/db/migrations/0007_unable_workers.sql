-- Deployments whose program this worker couldn't run a moment ago, and leaves to others until it tries again.
alter table workers add column unable text[] not null default '{}';
