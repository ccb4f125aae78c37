-- Since when a provider has taken no order, as far as anybody asked: after a while its scenes fail, rather than wait for
-- ever.
alter table providers
  add column refused_at timestamptz not null default '-infinity',
  add column refusing_since timestamptz;

-- Since when a provider has an order, by the clock that all processes share.
drop view ledger;
create view ledger with (security_invoker = true) as
  select *, extract(epoch from clock_timestamp() - created_at)::float8 as age_seconds,
    extract(epoch from clock_timestamp() - submitted_at)::float8 as submitted_seconds
  from provider_attempts;
revoke all on ledger from anon, authenticated;
grant select on ledger to service_role;

-- A provider may tell of an attempt that it did not know when it was asked. It stays absent, since its key may have been
-- bought anew; the id that it has now is an alarm (``resources/database/invariants.py``).
create or replace function receive_webhook(delivery text, of_provider text, of_attempt uuid, request_id text)
returns boolean language plpgsql security definer set search_path = '' as $$
begin
  insert into public.webhook_deliveries (webhook_id, provider, attempt_id)
    select delivery, of_provider, id from public.provider_attempts where id = of_attempt and provider = of_provider
    on conflict do nothing;
  if not found then
    return false;
  end if;
  begin
    update public.provider_attempts
      set hinted_at = clock_timestamp(),
          provider_request_id = coalesce(provider_request_id, request_id),
          submitted_at = coalesce(submitted_at, clock_timestamp()),
          state = case when state in ('intent', 'unknown', 'parked') then 'submitted' else state end
      where id = of_attempt and state in ('intent', 'unknown', 'submitted', 'parked', 'absent')
        and coalesce(provider_request_id, request_id) = request_id;
  exception when unique_violation then
    null; -- the id belongs to another attempt already
  end;
  return true;
end
$$;

-- An older take is only joined: of a film whose other scenes are not all there, the rest would be bought.
create or replace function choose_take(job uuid, number integer, take integer) returns setof jobs
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
  perform 1 from public.jobs where id = job for update;
  if exists (select from public.job_scenes where job_id = job and id <> chosen.scene_id and status <> 'succeeded') then
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

-- What a job has aside goes back when the job is deleted.
create function release_deleted() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  update public.budgets set reserved_usd = greatest(0, reserved_usd - old.reserved_usd) where user_id = old.user_id;
  return old;
end
$$;
create trigger jobs_release_deleted before delete on jobs for each row
  when (old.reserved_usd > 0) execute function release_deleted();
revoke all on function release_deleted from public, anon, authenticated;
grant execute on function release_deleted to authenticated, service_role;
