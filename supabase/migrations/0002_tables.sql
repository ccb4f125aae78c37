-- Every tenant's table carries user_id, and every child points at its parent with a composite foreign key, so that
-- no row can hang under another tenant's row, not even by mistake of the service.

create table users (
  id uuid primary key,
  email text not null,
  created_at timestamptz not null default now()
);

create table projects (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users (id) on delete cascade,
  title text not null,
  status text not null default 'active' check (status in ('active', 'archived')),
  created_at timestamptz not null default now(),
  unique (id, user_id)
);

create table scripts (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  project_id uuid not null,
  youtube_url text not null,
  video_id text not null,
  raw_transcript jsonb,
  normalized_script jsonb,
  language text,
  version integer not null default 0 check (version >= 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (id, user_id),
  foreign key (project_id, user_id) references projects (id, user_id) on delete cascade
);

-- What a script was at each version: a generation job films one version, whatever is edited meanwhile.
create table script_versions (
  script_id uuid not null,
  user_id uuid not null,
  version integer not null check (version > 0),
  normalized_script jsonb not null,
  created_at timestamptz not null default now(),
  primary key (script_id, version),
  foreign key (script_id, user_id) references scripts (id, user_id) on delete cascade
);

create table characters (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references users (id) on delete cascade,
  name text not null check (char_length(name) between 1 and 80),
  description text not null default '',
  style text not null default '',
  image_url text,
  model_ref text,
  voice jsonb,
  is_premade boolean not null default false,
  created_at timestamptz not null default now(),
  check (is_premade = (user_id is null))
);

-- Who plays in a script. A character is pre-made or the same user's: script_characters_same_owner guards it.
create table script_characters (
  script_id uuid not null,
  user_id uuid not null,
  character_id uuid not null references characters (id) on delete cascade,
  position integer not null check (position >= 0),
  primary key (script_id, character_id),
  unique (script_id, position),
  foreign key (script_id, user_id) references scripts (id, user_id) on delete cascade
);

create table assets (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users (id) on delete cascade,
  type text not null check (type in ('image', 'video', 'thumbnail')),
  s3_key text,
  supabase_path text,
  clip_key text check (clip_key ~ '^[0-9a-f]{64}$'),
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  unique (id, user_id),
  unique (user_id, clip_key),
  check (num_nonnulls(s3_key, supabase_path) = 1)
);

create table jobs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  project_id uuid not null,
  script_id uuid not null,
  script_version integer,
  parent_job_id uuid,
  type text not null check (type in ('import', 'generation', 'upload')),
  status text not null default 'queued' check (status in ('queued', 'running', 'failed', 'succeeded', 'canceled')),
  progress integer not null default 0 check (progress between 0 and 100),
  options jsonb not null default '{}',
  error_code varchar(50),
  error_message text,
  result_s3_key text,
  result_cf_url text,
  result jsonb,
  idempotency_key text check (char_length(idempotency_key) between 1 and 255),
  request_hash text,
  -- the outbox: who launches claims the row, and each launch has a number so that it happens once
  launch_number integer not null default 0,
  launch_claimed_at timestamptz,
  dagster_run_id text,
  cancel_requested_at timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  succeeded_at timestamptz, -- for the first time: a retake that fails later does not take the film away
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (id, user_id),
  unique (user_id, idempotency_key),
  foreign key (project_id, user_id) references projects (id, user_id) on delete cascade,
  foreign key (script_id, user_id) references scripts (id, user_id) on delete cascade,
  foreign key (parent_job_id, user_id) references jobs (id, user_id) on delete set null (parent_job_id),
  check ((status = 'failed') = (error_code is not null)),
  check ((idempotency_key is null) = (request_hash is null))
);

-- The cast of a job, frozen: later changes of a character do not change a film that is being made.
create table job_characters (
  job_id uuid not null,
  user_id uuid not null,
  position integer not null check (position >= 0),
  character_id uuid not null,
  member jsonb not null,
  primary key (job_id, position),
  unique (job_id, character_id),
  foreign key (job_id, user_id) references jobs (id, user_id) on delete cascade
);

create table job_scenes (
  id uuid primary key default gen_random_uuid(),
  job_id uuid not null,
  user_id uuid not null,
  scene_index integer not null check (scene_index > 0),
  status text not null default 'queued' check (status in ('queued', 'running', 'failed', 'succeeded', 'canceled')),
  progress integer not null default 0 check (progress between 0 and 100),
  scene jsonb not null,
  prompt jsonb,
  clip_key text,
  s3_key text,
  error_code varchar(50),
  error_message text,
  started_at timestamptz,
  finished_at timestamptz,
  created_at timestamptz not null default now(),
  unique (id, user_id),
  unique (job_id, scene_index),
  foreign key (job_id, user_id) references jobs (id, user_id) on delete cascade,
  check ((status = 'failed') = (error_code is not null)),
  check (status <> 'succeeded' or (s3_key is not null and clip_key is not null))
);

-- Append-only. What an operator may read and a user may not has audience 'operator'.
create table job_events (
  id bigint generated always as identity primary key,
  job_id uuid not null,
  user_id uuid not null,
  audience text not null default 'user' check (audience in ('user', 'operator')),
  kind text not null,
  stage text,
  scene_index integer,
  message text not null default '',
  data jsonb not null default '{}',
  created_at timestamptz not null default now(),
  foreign key (job_id, user_id) references jobs (id, user_id) on delete cascade
);

-- The ledger of paid calls: a row is committed before each call; at most one attempt of a scene is live or has won.
create table provider_attempts (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  job_id uuid not null,
  scene_id uuid,
  clip_key text not null,
  provider text not null,
  model text not null,
  state text not null default 'intent'
    check (state in ('intent', 'unknown', 'submitted', 'succeeded', 'failed', 'canceled', 'expired', 'parked')),
  handle jsonb,
  provider_request_id text,
  estimated_cost_usd numeric(12, 6) not null default 0 check (estimated_cost_usd >= 0),
  cost_usd numeric(12, 6) check (cost_usd >= 0),
  error_code varchar(50),
  error_message text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  finished_at timestamptz,
  foreign key (job_id, user_id) references jobs (id, user_id) on delete restrict,
  foreign key (scene_id, user_id) references job_scenes (id, user_id) on delete restrict
);

create table oauth_tokens (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users (id) on delete cascade,
  provider text not null check (provider in ('google')),
  scope text not null,
  access_token bytea not null,
  refresh_token bytea,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  created_at timestamptz not null default now()
);

create table oauth_states (
  state_hash bytea primary key,
  user_id uuid not null references users (id) on delete cascade,
  provider text not null check (provider in ('google')),
  code_verifier bytea not null,
  expires_at timestamptz not null,
  consumed_at timestamptz,
  created_at timestamptz not null default now()
);

create table webhook_deliveries (
  webhook_id text primary key,
  provider text not null,
  attempt_id uuid references provider_attempts (id) on delete set null,
  received_at timestamptz not null default now()
);

create table rate_limits (
  user_id uuid not null,
  bucket text not null,
  theoretical_arrival_at timestamptz not null,
  primary key (user_id, bucket)
);

create table budgets (
  user_id uuid primary key references users (id) on delete cascade,
  limit_usd numeric(12, 6) not null check (limit_usd >= 0),
  reserved_usd numeric(12, 6) not null default 0 check (reserved_usd >= 0),
  spent_usd numeric(12, 6) not null default 0 check (spent_usd >= 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create index projects_by_user on projects (user_id, created_at desc, id desc);
create index projects_by_status on projects (user_id, status);
create index scripts_by_user on scripts (user_id, created_at desc, id desc);
create index scripts_by_project on scripts (project_id);
create index script_versions_by_user on script_versions (user_id);
create index characters_by_user on characters (user_id, created_at desc, id desc);
create index script_characters_by_user on script_characters (user_id);
create index script_characters_by_character on script_characters (character_id);
create index assets_by_user on assets (user_id, created_at desc, id desc);
create index jobs_by_user on jobs (user_id, created_at desc, id desc);
create index jobs_by_user_status on jobs (user_id, status, created_at desc);
create index jobs_by_project on jobs (project_id);
create index jobs_by_script on jobs (script_id);
create index jobs_by_parent on jobs (parent_job_id) where parent_job_id is not null;
create index jobs_unfinished on jobs (status, created_at) where status in ('queued', 'running');
create index job_characters_by_user on job_characters (user_id);
create index job_scenes_by_user on job_scenes (user_id, created_at desc);
create index job_scenes_by_status on job_scenes (job_id, status);
create index job_events_by_job on job_events (job_id, id);
create index job_events_by_user on job_events (user_id, created_at desc);
create unique index provider_attempts_one_live_per_scene on provider_attempts (scene_id, clip_key)
  where state in ('intent', 'unknown', 'submitted', 'succeeded');
create index provider_attempts_by_user on provider_attempts (user_id, created_at desc);
create index provider_attempts_by_job on provider_attempts (job_id);
create index provider_attempts_by_state on provider_attempts (state, created_at);
create index oauth_tokens_by_user on oauth_tokens (user_id, provider, created_at desc);
create index oauth_states_by_user on oauth_states (user_id, created_at desc);
create index oauth_states_by_expiry on oauth_states (expires_at);
create index webhook_deliveries_by_attempt on webhook_deliveries (attempt_id);
