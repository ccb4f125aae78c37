-- The ledger of paid calls, and the money around it. A row is committed before every paid call; what was bought once
-- under a key is never bought again by the same user; no call is made that the user's budget does not cover.

-- What is bought: a clip today; a character's training, a direction, a transcription or a line of speech likewise.
alter table provider_attempts rename column clip_key to purchase_key;
alter table provider_attempts
  add column kind text not null default 'clip'
    check (kind in ('clip', 'training', 'direction', 'transcription', 'speech')),
  add column model_version text not null default '',
  add column request jsonb not null default '{}', -- the order itself, so that anybody can carry on with it
  add column response_id text,
  add column reason text, -- why it stands as it does, for operators
  add column submitted_at timestamptz,
  add column hinted_at timestamptz, -- a webhook said that there is news
  add column is_billed boolean;
alter table provider_attempts drop constraint provider_attempts_state_check;
alter table provider_attempts add constraint provider_attempts_state_check check (state in (
  'intent', 'unknown', 'submitted', 'succeeded', 'rejected', 'lost', 'failed', 'canceled', 'absent', 'parked'));

drop index provider_attempts_one_live_per_scene;
-- The same key is bought once, in whichever job of the user; a parked one is in the way until it is settled.
create unique index provider_attempts_one_per_key on provider_attempts (user_id, purchase_key)
  where state in ('intent', 'unknown', 'submitted', 'succeeded', 'parked');
create unique index provider_attempts_one_live_per_scene on provider_attempts (scene_id)
  where state in ('intent', 'unknown', 'submitted') and kind = 'clip';
-- One thing at the provider belongs to one attempt, also when two users' orders look alike.
create unique index provider_attempts_request on provider_attempts (provider, provider_request_id)
  where provider_request_id is not null;
create index provider_attempts_by_scene on provider_attempts (scene_id) where scene_id is not null;
create index provider_attempts_live on provider_attempts (provider, created_at)
  where state in ('intent', 'unknown', 'submitted');

-- Users see what they bought and what it cost; handles, orders and reasons are for operators.
revoke select on provider_attempts from authenticated;
grant select (id, user_id, job_id, scene_id, kind, purchase_key, provider, model, model_version, state,
  estimated_cost_usd, cost_usd, error_code, created_at, updated_at, finished_at) on provider_attempts to authenticated;

-- The attempts with their age by the one clock that all processes share.
create view ledger with (security_invoker = true) as
  select *, extract(epoch from clock_timestamp() - created_at)::float8 as age_seconds from provider_attempts;
revoke all on ledger from anon, authenticated;
grant select on ledger to service_role;

alter table jobs
  add column reserved_usd numeric(12, 6) not null default 0 check (reserved_usd >= 0),
  add column spent_usd numeric(12, 6) not null default 0 check (spent_usd >= 0);

-- A budget is per calendar month (UTC). The user sets the limit, the operator its ceiling.
alter table budgets alter column limit_usd set default 20;
alter table budgets
  add column ceiling_usd numeric(12, 6) not null default 1000 check (ceiling_usd >= 0),
  add column month date not null default date_trunc('month', now() at time zone 'utc')::date,
  add constraint budgets_below_ceiling check (limit_usd <= ceiling_usd);

-- What a provider takes at once, counted across all processes: starts per minute, shots in flight, and until when it
-- wants to be left alone (its own wish after a 429, ours after a row of failures).
create table providers (
  name text primary key,
  max_in_flight integer not null default 100 check (max_in_flight > 0),
  starts_per_minute integer not null default 500 check (starts_per_minute > 0),
  next_start_at timestamptz not null default '-infinity',
  closed_until timestamptz not null default '-infinity',
  failures_in_a_row integer not null default 0,
  updated_at timestamptz not null default now()
);
alter table providers enable row level security;
alter table providers force row level security;
revoke all on providers from anon, authenticated;
grant select, insert, update, delete on providers to service_role;

-- A clip that may not be shown is kept with what was found wrong, since it was paid for; a version that was chosen
-- again costs nothing.
create table scene_takes (
  scene_id uuid not null,
  user_id uuid not null,
  number integer not null check (number > 0),
  clip_key text not null check (clip_key ~ '^[0-9a-f]{64}$'),
  s3_key text not null,
  prompt jsonb not null,
  created_at timestamptz not null default now(),
  primary key (scene_id, number),
  unique (scene_id, clip_key),
  foreign key (scene_id, user_id) references job_scenes (id, user_id) on delete cascade
);
create index scene_takes_by_user on scene_takes (user_id, created_at desc);
alter table scene_takes enable row level security;
alter table scene_takes force row level security;
revoke all on scene_takes from anon, authenticated;
grant select, insert, update, delete on scene_takes to service_role;
grant select on scene_takes to authenticated;
create policy scene_takes_select on scene_takes for select to authenticated using ((select auth.uid()) = user_id);

-- A scene may be filmed by another model than its job's. One that cannot be filmed may be shown as a card, if the user
-- asked for that.
alter table job_scenes
  add column provider text,
  add column model text,
  add column is_placeholder boolean not null default false;

-- Whoever locks several rows does it in this order, or two would wait for each other: provider, attempt, job, scenes,
-- budget.

-- Budgets

-- The budget of a user, made when first needed, locked, and opened anew when a month has begun.
create function lock_budget(owner uuid) returns budgets language plpgsql security definer set search_path = '' as $$
declare
  budget public.budgets;
  this_month date := date_trunc('month', now() at time zone 'utc')::date;
begin
  insert into public.budgets (user_id) values (owner) on conflict do nothing;
  select * into budget from public.budgets where user_id = owner for update;
  if budget.month < this_month then
    update public.budgets set spent_usd = 0, month = this_month where user_id = owner returning * into budget;
  end if;
  return budget;
end
$$;

-- The caller's own budget.
create function my_budget() returns budgets language sql security definer set search_path = '' as $$
  select public.lock_budget(auth.uid())
$$;

create function set_my_budget(new_limit numeric) returns budgets
language plpgsql security definer set search_path = '' as $$
declare
  budget public.budgets;
begin
  perform public.lock_budget(auth.uid());
  update public.budgets set limit_usd = new_limit where user_id = auth.uid() returning * into budget;
  return budget;
end
$$;

-- Set money aside for a job of one's own. False, and nothing changed, when the budget does not cover it.
create function reserve_for_job(job uuid, amount numeric) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
  owner uuid;
  budget public.budgets;
begin
  if amount < 0 then
    raise exception 'an amount cannot be negative' using errcode = 'check_violation';
  end if;
  select user_id into owner from public.jobs where id = job and user_id = auth.uid() for update;
  if owner is null then
    return false;
  end if;
  budget := public.lock_budget(owner);
  if budget.spent_usd + budget.reserved_usd + amount > budget.limit_usd and amount > 0 then
    return false;
  end if;
  update public.budgets set reserved_usd = reserved_usd + amount where user_id = owner;
  update public.jobs set reserved_usd = reserved_usd + amount where id = job;
  return true;
end
$$;

-- What an ended job has set aside and not used goes back; live attempts keep theirs until they are settled.
create function release_reserved() returns trigger language plpgsql security definer set search_path = '' as $$
declare
  kept numeric;
begin
  select coalesce(sum(estimated_cost_usd), 0) into kept from public.provider_attempts
    where job_id = new.id and state in ('intent', 'unknown', 'submitted', 'parked');
  kept := least(kept, new.reserved_usd);
  if kept < new.reserved_usd then
    perform public.lock_budget(new.user_id);
    update public.budgets set reserved_usd = greatest(0, reserved_usd - (new.reserved_usd - kept))
      where user_id = new.user_id;
    new.reserved_usd := kept;
  end if;
  return new;
end
$$;
create trigger jobs_release_reserved before update of status on jobs for each row
  when (new.status in ('succeeded', 'failed', 'canceled') and old.status is distinct from new.status)
  execute function release_reserved();

-- The ledger

-- Write down the intent to buy, if the provider has room and the budget covers it. Returns the attempt, or how many
-- seconds to wait, or that the budget is exceeded, or (all null) that the key has an attempt already.
create function open_attempt(
  owner uuid, job uuid, scene uuid, what text, key text, at_provider text, of_model text, of_version text,
  estimate numeric, ordered jsonb,
  out attempt uuid, out wait_seconds double precision, out is_over_budget boolean
) language plpgsql set search_path = '' as $$
declare
  present timestamptz;
  provider public.providers;
  in_flight integer;
  free numeric;
  budget public.budgets;
begin
  is_over_budget := false;
  insert into public.providers (name) values (at_provider) on conflict do nothing;
  select * into provider from public.providers where name = at_provider for update;
  present := clock_timestamp();
  if provider.closed_until > present then
    wait_seconds := extract(epoch from provider.closed_until - present);
    return;
  end if;
  -- One start at a time, evenly; a tenth of a minute's starts may come at once.
  if provider.next_start_at > present + interval '6 seconds' then
    wait_seconds := extract(epoch from provider.next_start_at - present - interval '6 seconds');
    return;
  end if;
  select count(*) into in_flight from public.provider_attempts
    where provider_attempts.provider = at_provider and state in ('intent', 'unknown', 'submitted');
  if in_flight >= provider.max_in_flight then
    wait_seconds := 0.5;
    return;
  end if;
  if estimate > 0 then
    perform 1 from public.jobs where id = job for update;
    budget := public.lock_budget(owner);
    select greatest(0, estimate - (jobs.reserved_usd - coalesce((
        select sum(estimated_cost_usd) from public.provider_attempts
        where job_id = job and state in ('intent', 'unknown', 'submitted', 'parked')), 0)))
      into free from public.jobs where id = job;
    -- ``free`` is what the job's own reservation does not cover: a new take after a bad clip, say.
    if free > 0 then
      if budget.spent_usd + budget.reserved_usd + free > budget.limit_usd then
        is_over_budget := true;
        return;
      end if;
      update public.budgets set reserved_usd = reserved_usd + free where user_id = owner;
      update public.jobs set reserved_usd = reserved_usd + free where id = job;
    end if;
  end if;
  insert into public.provider_attempts
      (user_id, job_id, scene_id, kind, purchase_key, provider, model, model_version, estimated_cost_usd, request)
    values (owner, job, scene, what, key, at_provider, of_model, of_version, estimate, ordered)
    on conflict do nothing
    returning id into attempt;
  if attempt is not null then
    update public.providers
      set next_start_at = greatest(next_start_at, present) + interval '1 minute' / starts_per_minute, updated_at = present
      where name = at_provider;
  end if;
end
$$;

-- End an attempt and account for it, once: the cost joins the job and the budget, what was set aside goes back.
create function close_attempt(
  which uuid, new_state text, cost numeric, billed boolean, code text, message text, why text
) returns boolean language plpgsql set search_path = '' as $$
declare
  closed public.provider_attempts;
  released numeric;
begin
  update public.provider_attempts
    set state = new_state, cost_usd = cost, is_billed = billed, error_code = code, error_message = message,
        reason = coalesce(why, reason), finished_at = clock_timestamp()
    where id = which and state in ('intent', 'unknown', 'submitted', 'parked')
      -- A webhook may have told of it while its provider, asked, did not know it yet.
      and (new_state <> 'absent' or provider_request_id is null)
    returning * into closed;
  if closed.id is null then
    return false;
  end if;
  select least(reserved_usd, closed.estimated_cost_usd) into released from public.jobs
    where id = closed.job_id for update;
  perform public.lock_budget(closed.user_id);
  update public.jobs set reserved_usd = reserved_usd - released, spent_usd = spent_usd + coalesce(cost, 0)
    where id = closed.job_id;
  update public.budgets set reserved_usd = greatest(0, reserved_usd - released), spent_usd = spent_usd + coalesce(cost, 0)
    where user_id = closed.user_id;
  return true;
end
$$;

-- Webhooks: a login of the API that can do this one thing. A signed hint adds the provider's id to an attempt that has
-- none, and says that it is worth a look; nothing is believed of it beyond that.
do $$
begin
  if not exists (select from pg_roles where rolname = 'webhook_receiver') then
    create role webhook_receiver nologin nobypassrls;
  end if;
end
$$;
grant webhook_receiver to api_gateway;
grant usage on schema public to webhook_receiver;

create function receive_webhook(delivery text, of_provider text, of_attempt uuid, request_id text) returns boolean
language plpgsql security definer set search_path = '' as $$
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
      where id = of_attempt and state in ('intent', 'unknown', 'submitted', 'parked')
        and coalesce(provider_request_id, request_id) = request_id;
  exception when unique_violation then
    null; -- the id belongs to another attempt already
  end;
  return true;
end
$$;

revoke all on function lock_budget, my_budget, set_my_budget, reserve_for_job, release_reserved, open_attempt,
  close_attempt, receive_webhook from public, anon, authenticated;
grant execute on function my_budget, set_my_budget, reserve_for_job to authenticated;
grant execute on function release_reserved to authenticated, service_role;
grant execute on function lock_budget, open_attempt, close_attempt to service_role;
grant execute on function receive_webhook to webhook_receiver;
