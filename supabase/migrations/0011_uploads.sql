-- Files of a user's own: transcripts, and recordings that are uploaded to S3 by a signed address. A row is written before
-- the first byte is stored, so no crash leaves an object that no row names.

create table uploads (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users (id) on delete cascade,
  kind text not null check (kind in ('transcript', 'recording')),
  state text not null default 'pending' check (state in ('pending', 'complete', 'discarded')),
  filename text not null check (char_length(filename) between 1 and 255),
  content_type text not null check (char_length(content_type) between 1 and 255),
  size_bytes bigint not null check (size_bytes > 0),
  sha256 text check (sha256 ~ '^[0-9a-f]{64}$'),
  s3_key text not null,
  s3_version text, -- the address may be used again while it lasts: only this version was looked at
  facts jsonb, -- what the API found when it looked; the pipeline looks again before it pays for anything
  created_at timestamptz not null default now(),
  completed_at timestamptz,
  unique (id, user_id),
  -- Links are signed for whatever key stands here, so it must be the owner's own.
  check (s3_key = 'users/' || user_id || '/uploads/' || id || '/source'),
  check ((state = 'complete') = (completed_at is not null))
);

create index uploads_by_user on uploads (user_id, created_at desc, id desc);
create index uploads_unfinished on uploads (created_at) where state <> 'complete';

create function guard_upload_state() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if old.state <> new.state and old.state <> 'pending' then
    raise exception 'an upload cannot move from % to %', old.state, new.state using errcode = 'check_violation';
  end if;
  return new;
end
$$;

create trigger uploads_state before update on uploads for each row execute function guard_upload_state();

-- A script is of a YouTube video, or of one upload.
alter table scripts
  alter column youtube_url drop not null,
  alter column video_id drop not null,
  add column upload_id uuid,
  add column source jsonb not null default '{"kind": "youtube"}',
  add unique (upload_id),
  add foreign key (upload_id, user_id) references uploads (id, user_id),
  add check (source ->> 'kind' in ('youtube', 'file', 'upload')),
  add check (
    case source ->> 'kind'
      when 'youtube' then num_nulls(youtube_url, video_id) = 0 and upload_id is null
      else num_nonnulls(youtube_url, video_id) = 0 and upload_id is not null
    end
  );

alter table uploads enable row level security;
alter table uploads force row level security;
revoke all on uploads from anon, authenticated;
grant select, insert, update, delete on uploads to service_role;
grant select, delete on uploads to authenticated;
grant insert (id, user_id, kind, filename, content_type, size_bytes, sha256, s3_key),
  update (state, s3_version, facts, completed_at) on uploads to authenticated;
grant insert (upload_id, source) on scripts to authenticated;
revoke all on function guard_upload_state from public, anon;
grant execute on function guard_upload_state to authenticated, service_role;

create policy uploads_select on uploads for select to authenticated using ((select auth.uid()) = user_id);
create policy uploads_insert on uploads for insert to authenticated
  with check ((select auth.uid()) = user_id and state = 'pending');
create policy uploads_update on uploads for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
-- Its objects are gone by then: what is discarded is deleted from S3 first.
create policy uploads_delete on uploads for delete to authenticated
  using ((select auth.uid()) = user_id and state = 'discarded');
