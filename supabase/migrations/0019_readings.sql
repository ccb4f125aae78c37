-- A user may have the lines of a scene spoken again, when a voice that was paid for has misread one. `reading` counts how
-- often they have asked for that; until the new sound is there the scene says what it has said.

alter table job_scenes add column reading integer not null default 0 check (reading >= 0);

-- Nothing while a scene is not filmed: it would be filmed by the way.
create function speak_again(job uuid, number integer) returns setof jobs
language plpgsql security definer set search_path = '' as $$
declare
  requeued public.jobs;
begin
  perform 1 from public.job_scenes
    where job_id = job and scene_index = number and user_id = (select auth.uid()) and jsonb_array_length(speech) > 0;
  if not found or exists (select from public.job_scenes where job_id = job and status <> 'succeeded') then
    return;
  end if;
  select * into requeued from public.requeue_own_job(job);
  if requeued.id is null then
    return;
  end if;
  update public.job_scenes set reading = reading + 1 where job_id = job and scene_index = number;
  insert into public.job_events (job_id, user_id, kind, scene_index, message)
    values (job, requeued.user_id, 'scene_spoken_again', number, 'The scene is spoken again; nothing is filmed');
  return next requeued;
end
$$;

revoke all on function speak_again from public, anon;
grant execute on function speak_again to authenticated;
