-- What is left of files and of edits.

-- The address of an upload may be used for as long as it lasts, whatever became of the upload: what
-- was refused stays as a discarded row until then, and versions that arrive beside the one that was looked at are swept
-- once nothing more can come.

alter table uploads add column swept_at timestamptz; -- since then nothing lies beside the version that is kept
create index uploads_unswept on uploads (created_at) where state = 'complete' and swept_at is null;

-- An owner may delete a complete upload; its script stays, without its file.
create or replace function guard_upload_state() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if old.state <> new.state and old.state <> 'pending' and (old.state, new.state) <> ('complete', 'discarded') then
    raise exception 'an upload cannot move from % to %', old.state, new.state using errcode = 'check_violation';
  end if;
  return new;
end
$$;

alter table scripts
  drop constraint scripts_upload_id_user_id_fkey,
  add foreign key (upload_id, user_id) references uploads (id, user_id) on delete set null (upload_id),
  drop constraint scripts_check,
  add check (
    case source ->> 'kind'
      when 'youtube' then num_nulls(youtube_url, video_id) = 0 and upload_id is null
      else num_nonnulls(youtube_url, video_id) = 0
    end
  );

-- Requests that carried a key, and the version that they were answered with: also those that changed nothing, which make
-- no version.
create table script_requests (
  script_id uuid not null,
  user_id uuid not null,
  request_key text not null check (char_length(request_key) between 1 and 255),
  request_hash text not null,
  version integer not null check (version > 0),
  created_at timestamptz not null default now(),
  primary key (script_id, request_key),
  foreign key (script_id, user_id) references scripts (id, user_id) on delete cascade
);
create index script_requests_by_user on script_requests (user_id);
insert into script_requests (script_id, user_id, request_key, request_hash, version, created_at)
  select script_id, user_id, request_key, request_hash, version, created_at from script_versions
  where request_key is not null;
alter table script_versions drop column request_key, drop column request_hash;

alter table script_requests enable row level security;
alter table script_requests force row level security;
revoke all on script_requests from anon, authenticated;
grant select, insert, update, delete on script_requests to service_role;
grant select on script_requests to authenticated;
grant insert (script_id, user_id, request_key, request_hash, version) on script_requests to authenticated;
create policy script_requests_select on script_requests for select to authenticated
  using ((select auth.uid()) = user_id);
create policy script_requests_insert on script_requests for insert to authenticated
  with check ((select auth.uid()) = user_id);

-- As before; and a script of many edits does not grow for ever: of its versions the import's, the newest and those that a
-- job films are kept.
create or replace function edit_script(
  script uuid, expected integer, edited jsonb, new_edits jsonb, restored integer, new_key text, new_hash text
) returns table (present integer, is_made boolean)
language plpgsql security definer set search_path = '' as $$
declare
  kept constant integer := 200; -- a day's work of one edit every two minutes; a long script has half a megabyte
  held public.scripts;
begin
  -- Whoever calls it may hand over anything, and sensors read the scripts of all.
  if jsonb_typeof(edited -> 'lines') is distinct from 'array' or jsonb_typeof(edited -> 'title') is distinct from 'string'
    or octet_length(edited::text) > 16 * 1024 * 1024 or octet_length(new_edits::text) > 4 * 1024 * 1024 then
    raise exception 'this is no script' using errcode = 'check_violation';
  end if;
  select * into held from public.scripts where id = script and user_id = (select auth.uid()) for no key update;
  if held.id is null then
    return;
  end if;
  if held.version = 0 or held.version <> expected
    or exists (select from public.script_requests where script_id = script and request_key = new_key) then
    return query select held.version, false;
    return;
  end if;
  insert into public.script_versions (script_id, user_id, version, normalized_script, edits, restored_version)
    values (script, held.user_id, expected + 1, edited, new_edits, restored);
  if new_key is not null then
    insert into public.script_requests (script_id, user_id, request_key, request_hash, version)
      values (script, held.user_id, new_key, new_hash, expected + 1);
  end if;
  update public.scripts set normalized_script = edited, version = expected + 1 where id = script;
  delete from public.script_versions old
    where old.script_id = script and old.version between 2 and expected + 1 - kept
      and not exists (select from public.jobs where jobs.script_id = script and jobs.script_version = old.version);
  delete from public.script_requests where script_id = script and version <= expected + 1 - kept;
  return query select expected + 1, true;
end
$$;
