-- A user may have one scene of an ended film made again, or choose an older take of it, though no user may write a
-- scene: the functions do it for them, and only this. Either way the job goes back into the outbox; what is finished is
-- kept, so only that scene is filmed, and a chosen take is only joined.

create function requeue_own_job(job uuid) returns setof jobs
language plpgsql security definer set search_path = '' as $$
begin
  return query update public.jobs
    set status = 'queued', progress = 0, error_code = null, error_message = null, cancel_requested_at = null,
        launches_before_retry = launch_number, launch_claimed_at = null, dagster_run_id = null, started_at = null,
        finished_at = null
    where id = job and user_id = (select auth.uid()) and status in ('succeeded', 'failed', 'canceled')
      and type = 'generation'
    returning *;
end
$$;

create function retake_scene(job uuid, number integer, new_prompt jsonb, new_provider text, new_model text)
returns setof jobs language plpgsql security definer set search_path = '' as $$
declare
  requeued public.jobs;
begin
  perform 1 from public.job_scenes
    where job_id = job and scene_index = number and user_id = (select auth.uid()) and prompt is not null;
  if not found then
    return;
  end if;
  select * into requeued from public.requeue_own_job(job);
  if requeued.id is null then
    return;
  end if;
  update public.job_scenes
    set status = 'queued', progress = 0, error_code = null, error_message = null, started_at = null,
        finished_at = null, is_placeholder = false, prompt = new_prompt, provider = new_provider, model = new_model
    where job_id = job and scene_index = number;
  update public.job_scenes
    set status = 'queued', progress = 0, error_code = null, error_message = null, started_at = null, finished_at = null
    where job_id = job and status in ('running', 'failed', 'canceled');
  insert into public.job_events (job_id, user_id, kind, scene_index, message)
    values (job, requeued.user_id, 'scene_retaken', number, 'The scene is filmed again; its older takes are kept');
  return next requeued;
end
$$;

create function choose_take(job uuid, number integer, take integer) returns setof jobs
language plpgsql security definer set search_path = '' as $$
declare
  requeued public.jobs;
  chosen public.scene_takes;
begin
  select scene_takes.* into chosen from public.scene_takes
    join public.job_scenes on job_scenes.id = scene_takes.scene_id
    where job_id = job and scene_index = choose_take.number and scene_takes.number = take
      and scene_takes.user_id = (select auth.uid());
  if chosen.scene_id is null then
    return;
  end if;
  select * into requeued from public.requeue_own_job(job);
  if requeued.id is null then
    return;
  end if;
  update public.job_scenes set status = 'queued', error_code = null, error_message = null where id = chosen.scene_id;
  update public.job_scenes
    set status = 'succeeded', progress = 100, is_placeholder = false, prompt = chosen.prompt,
        clip_key = chosen.clip_key, s3_key = chosen.s3_key, finished_at = clock_timestamp()
    where id = chosen.scene_id;
  insert into public.job_events (job_id, user_id, kind, scene_index, message)
    values (job, requeued.user_id, 'take_chosen', choose_take.number, format('Take %s is shown', take));
  return next requeued;
end
$$;

revoke all on function requeue_own_job, retake_scene, choose_take from public, anon;
grant execute on function retake_scene, choose_take to authenticated;
