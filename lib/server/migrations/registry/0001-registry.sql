-- Who may use which library. Times and ids are the writer's: the database has no defaults for them.

create table workspaces (
  id text primary key,
  name text not null constraint workspaces_name_key unique,
  -- Raised to give the workspace's role another password.
  key_version integer not null,
  -- Most frames of all clips together; null for no limit.
  frame_limit integer,
  created_at timestamp with time zone not null
);

create table invitations (
  secret_hash text primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  scope varchar(10) not null check (scope in ('read', 'write')),
  uses_left integer not null check (uses_left >= 0),
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null
);

create table tokens (
  token_hash text primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  -- Not a reference: an invitation may be removed while its devices stay.
  invitation_hash text not null,
  scope varchar(10) not null check (scope in ('read', 'write')),
  device_id text not null,
  device_name text not null,
  created_at timestamp with time zone not null,
  renewed_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  revoked_at timestamp with time zone
);
create index tokens_workspace_id on tokens (workspace_id);
