-- What is left of files. The address of an upload may be used for as long as it lasts, whatever became of the upload: what
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
