-- A user may start an own failed or canceled job again, though no user may write a job's status: the function does it
-- for them, and only this. Launches go on counting, so that an answer to an older launch is never taken for the new one.

-- Their triggers fire inside the function too, and must find their rules whatever the search path of the writer is.
alter function guard_job_status() set search_path = public, pg_temp;
alter function guard_scene_status() set search_path = public, pg_temp;

-- A retry gives the job its full number of launches again.
alter table jobs add column launches_before_retry integer not null default 0;

create function retry_job(job uuid) returns setof jobs
language plpgsql security definer set search_path = '' as $$
declare
  retried public.jobs;
begin
  update public.jobs
    set status = 'queued', progress = 0, error_code = null, error_message = null, cancel_requested_at = null,
        launches_before_retry = launch_number, launch_claimed_at = null, dagster_run_id = null, started_at = null, finished_at = null
    where id = job and user_id = (select auth.uid()) and status in ('failed', 'canceled')
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

revoke all on function retry_job(uuid) from public, anon;
grant execute on function retry_job(uuid) to authenticated;
