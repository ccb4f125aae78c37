-- Edits of scripts. A version is made in one way only: by a function that holds the script, compares the version that
-- was edited with the present one, and adds the new one; so of two edits of the same version one is made, and the other
-- hears what is there. Versions stay as they are for ever.

alter table script_versions
  add column edits jsonb, -- what made it of the version before, as it was asked for; null for an import's
  add column restored_version integer, -- or the version whose script it brings back
  add column request_key text check (char_length(request_key) between 1 and 255),
  add column request_hash text,
  add unique (script_id, request_key),
  add check (num_nulls(request_key, request_hash) in (0, 2)),
  add check (num_nulls(edits, restored_version) > 0);

-- Which lines a scene shows. Beside the scene, since they do not decide what is filmed.
alter table job_scenes add column line_ids integer[] not null default '{}';

-- The version of the script that Dagster shows in a job's partition: what the job has materialised or, later, what was
-- edited since. Null until its stage `script` has run.
alter table jobs add column reported_version integer check (reported_version > 0);
create index jobs_reported on jobs (script_id, created_at desc) where reported_version is not null;

revoke update (normalized_script, version) on scripts from authenticated;
revoke insert on script_versions from authenticated;
drop policy script_versions_insert on script_versions;
grant update (reported_version) on jobs to authenticated;

-- Nothing when the user has no such script; else its present version, and whether it is the one made here.
create function edit_script(
  script uuid, expected integer, edited jsonb, new_edits jsonb, restored integer, new_key text, new_hash text
) returns table (present integer, is_made boolean)
language plpgsql security definer set search_path = '' as $$
declare
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
  if held.version = 0 or held.version <> expected then
    return query select held.version, false;
    return;
  end if;
  insert into public.script_versions
    (script_id, user_id, version, normalized_script, edits, restored_version, request_key, request_hash)
    values (script, held.user_id, expected + 1, edited, new_edits, restored, new_key, new_hash);
  update public.scripts set normalized_script = edited, version = expected + 1 where id = script;
  return query select expected + 1, true;
end
$$;

revoke all on function edit_script from public, anon;
grant execute on function edit_script to authenticated;
