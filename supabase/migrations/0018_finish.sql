-- A user may have an ended film finished another way, though no user may write a job's options: the function does it for
-- them, and only this. Music of a user's own is an upload like a recording, that no script is made of.

alter table uploads drop constraint uploads_kind_check,
  add constraint uploads_kind_check check (kind in ('transcript', 'recording', 'music'));

-- A film stands when a change of it fails, and says what the change failed with. One that never got to a worker goes
-- straight back to what it was.
alter table jobs drop constraint jobs_check,
  add constraint jobs_error_check check (
    (status <> 'failed' or error_code is not null)
    and (error_code is null or status in ('failed', 'succeeded'))
  ),
  add constraint jobs_succeeded_check check (status <> 'succeeded' or succeeded_at is not null);
create or replace function job_may_move(from_status text, to_status text) returns boolean language sql immutable as $$
  select from_status = to_status or (from_status, to_status) in (
    ('queued', 'running'), ('queued', 'failed'), ('queued', 'canceled'), ('queued', 'succeeded'),
    ('running', 'succeeded'), ('running', 'failed'), ('running', 'canceled'), ('running', 'queued'),
    ('failed', 'queued'), ('failed', 'running'),
    ('succeeded', 'queued'), ('succeeded', 'running'),
    ('canceled', 'queued')
  )
$$;

-- The stage with which the job's next launch begins; null: with its first.
alter table jobs add column first_stage text check (first_stage in ('final_mp4'));

-- As before, from the first stage on; and a change that failed can be tried again, too, as it was asked for.
create or replace function retry_job(job uuid) returns setof jobs
language plpgsql security definer set search_path = '' as $$
declare
  retried public.jobs;
begin
  update public.jobs
    set status = 'queued', progress = 0, error_code = null, error_message = null, cancel_requested_at = null,
        launches_before_retry = launch_number, launch_claimed_at = null, dagster_run_id = null, started_at = null,
        finished_at = null, first_stage = case when status = 'succeeded' then first_stage end
    where id = job and user_id = (select auth.uid())
      and (status in ('failed', 'canceled') or (status = 'succeeded' and error_code is not null))
    returning * into retried;
  if retried.id is null then
    return;
  end if;
  -- Finished scenes keep their clips; the others wait again.
  update public.job_scenes
    set status = 'queued', progress = 0, error_code = null, error_message = null, started_at = null, finished_at = null
    where job_id = job and status in ('running', 'failed', 'canceled');
  insert into public.job_events (job_id, user_id, kind, message)
    values (job, retried.user_id, 'job_retried', 'The job starts again; what was finished is kept');
  return next retried;
end
$$;

create or replace function requeue_own_job(job uuid) returns setof jobs
language plpgsql security definer set search_path = '' as $$
begin
  return query update public.jobs
    set status = 'queued', progress = 0, error_code = null, error_message = null, cancel_requested_at = null,
        launches_before_retry = launch_number, launch_claimed_at = null, dagster_run_id = null, started_at = null,
        finished_at = null, first_stage = null
    where id = job and user_id = (select auth.uid()) and status in ('succeeded', 'failed', 'canceled')
      and type = 'generation'
    returning *;
end
$$;

-- Nothing when the user has no such film, or it is under way, or a scene of it is not filmed: to finish buys nothing.
create function change_finish(job uuid, new_finish jsonb) returns setof jobs
language plpgsql security definer set search_path = '' as $$
declare
  requeued public.jobs;
begin
  if jsonb_typeof(new_finish) is distinct from 'object' or octet_length(new_finish::text) > 64 * 1024 then
    raise exception 'this is no finish' using errcode = 'check_violation';
  end if;
  if not exists (select from public.job_scenes where job_id = job and user_id = (select auth.uid()))
    or exists (select from public.job_scenes where job_id = job and status <> 'succeeded') then
    return;
  end if;
  select * into requeued from public.requeue_own_job(job);
  if requeued.id is null then
    return;
  end if;
  update public.jobs set options = jsonb_set(options, '{finish}', new_finish), first_stage = 'final_mp4'
    where id = job returning * into requeued;
  insert into public.job_events (job_id, user_id, kind, message)
    values (job, requeued.user_id, 'finish_changed', 'The film is finished another way; nothing is filmed again');
  return next requeued;
end
$$;

revoke all on function change_finish from public, anon;
grant execute on function change_finish to authenticated;
