-- A user's own characters: pictures, the consent to use them, training, and deletions that outlive their row.

-- Rows of before were made by the pipeline and are ready; a user's own insert has to begin with 'uploading' (see below).
alter table characters
  add column status text not null default 'ready'
    check (status in ('uploading', 'untrained', 'training', 'ready', 'failed')),
  add column mode text not null default 'reference' check (mode in ('reference', 'trained')),
  add column consent jsonb check (consent ?& array['statement', 'text_version', 'recorded_at']),
  add column trainer text,
  add column training_key text check (training_key ~ '^[0-9a-f]{64}$'),
  add column training_progress integer not null default 0 check (training_progress between 0 and 100),
  add column model_version text,
  add column trained_at timestamptz,
  add column error_code varchar(50),
  add column error_message text,
  add column idempotency_key text check (char_length(idempotency_key) between 1 and 255),
  add column request_hash text,
  add column updated_at timestamptz not null default now(),
  add unique (id, user_id),
  add unique (user_id, idempotency_key),
  add check (char_length(description) <= 500),
  add check (char_length(style) <= 200),
  add check ((status = 'failed') = (error_code is not null)),
  add check ((idempotency_key is null) = (request_hash is null)),
  add check (not is_premade or status = 'ready'),
  add check (mode = 'trained' or status not in ('untrained', 'training')),
  add check (mode = 'reference' or status <> 'ready' or (model_ref is not null and model_version is not null));

-- The key names the picture's content. Links are signed for whatever key stands here, so it must be the owner's own.
create table character_pictures (
  character_id uuid not null,
  user_id uuid not null,
  position integer not null check (position between 0 and 19),
  s3_key text not null,
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  width integer not null check (width > 0),
  height integer not null check (height > 0),
  size_bytes integer not null check (size_bytes > 0),
  created_at timestamptz not null default now(),
  primary key (character_id, position),
  unique (character_id, sha256),
  foreign key (character_id, user_id) references characters (id, user_id) on delete cascade,
  check (s3_key = 'users/' || user_id || '/characters/' || character_id || '/' || sha256 || '.webp')
);

-- The outbox of deletions: what has to go although the character's row is gone. No foreign key: it goes even when its
-- user is gone. A row stays when it is finished, as the proof that the likeness was deleted.
create table deletions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  character_id uuid not null unique,
  trainer text,
  training_key text,
  model_ref text,
  model_version text,
  attempts integer not null default 0 check (attempts >= 0),
  due_at timestamptz not null default now(),
  objects_deleted_at timestamptz,
  model_deleted_at timestamptz,
  finished_at timestamptz,
  error_code varchar(50),
  created_at timestamptz not null default now(),
  check (finished_at is null or objects_deleted_at is not null),
  check (finished_at is null or model_version is null or model_deleted_at is not null)
);

create index characters_by_status on characters (user_id, status, created_at desc);
create index characters_uploading on characters (created_at) where status = 'uploading';
create index character_pictures_by_user on character_pictures (user_id, created_at desc);
create index deletions_by_user on deletions (user_id, created_at desc);
create index deletions_due on deletions (due_at) where finished_at is null;

-- The table of transitions is that of domain/characters.py; a test compares the two.
create function character_may_move(from_status text, to_status text) returns boolean language sql immutable as $$
  select from_status = to_status or (from_status, to_status) in (
    ('uploading', 'ready'), ('uploading', 'untrained'),
    ('untrained', 'training'),
    ('training', 'ready'), ('training', 'failed'), ('training', 'untrained'),
    ('ready', 'training'),
    ('failed', 'training'), ('failed', 'untrained')
  )
$$;

create function guard_character_status() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if not character_may_move(old.status, new.status) then
    raise exception 'a character cannot move from % to %', old.status, new.status using errcode = 'check_violation';
  end if;
  new.updated_at := clock_timestamp();
  return new;
end
$$;

-- Whoever deletes a character, and be it the deletion of its user, its pictures and its model have to go. An upload that
-- may still be under way could put a picture after its row is gone: those are looked for when its hour is over.
create function note_deletion() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.deletions (user_id, character_id, trainer, training_key, model_ref, model_version, due_at)
    values (
      old.user_id, old.id, old.trainer, old.training_key, old.model_ref, old.model_version,
      case when old.status = 'uploading' then greatest(now(), old.created_at + interval '1 hour') else now() end
    );
  return null;
end
$$;

-- A user says that all pictures are stored, and no more than that: no user writes a character's status.
create function finish_character_upload(uploaded uuid) returns setof characters
language plpgsql security definer set search_path = '' as $$
begin
  return query
    update public.characters
      set status = case mode when 'trained' then 'untrained' else 'ready' end,
          image_url = portrait.s3_key
      from public.character_pictures as portrait
      where id = uploaded and characters.user_id = (select auth.uid()) and status = 'uploading'
        and portrait.character_id = uploaded and portrait.position = 0
      returning characters.*;
end
$$;

create trigger characters_status before update on characters
  for each row execute function guard_character_status();
create trigger characters_deleted after delete on characters
  for each row when (not old.is_premade) execute function note_deletion();

revoke all on function character_may_move, guard_character_status, note_deletion, finish_character_upload
  from public, anon;
grant execute on function character_may_move, guard_character_status to authenticated, service_role;
grant execute on function finish_character_upload to authenticated;

do $$
declare
  name text;
begin
  foreach name in array array['character_pictures', 'deletions'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('revoke all on %I from anon, authenticated', name);
    execute format('grant select, insert, update, delete on %I to service_role', name);
    execute format('grant select on %I to authenticated', name);
  end loop;
end
$$;

grant insert on character_pictures to authenticated;
-- The portrait is a picture that was stored: finish_character_upload names it, and no user does.
revoke insert (image_url), update (image_url) on characters from authenticated;
grant insert (mode, status, consent, idempotency_key, request_hash) on characters to authenticated;

drop policy characters_insert on characters;
create policy characters_insert on characters for insert to authenticated
  with check ((select auth.uid()) = user_id and not is_premade and status = 'uploading' and consent is not null);

create policy character_pictures_select on character_pictures for select to authenticated
  using ((select auth.uid()) = user_id);
create policy character_pictures_insert on character_pictures for insert to authenticated
  with check (
    (select auth.uid()) = user_id
    and exists (select from characters where characters.id = character_id and characters.status = 'uploading')
  );

create policy deletions_select on deletions for select to authenticated using ((select auth.uid()) = user_id);
