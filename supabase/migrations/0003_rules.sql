-- Rules that hold whoever writes: transitions of status, times that keep themselves, owners that agree.
-- The tables of transitions are those of domain/states.py; a test compares the two.

create function job_may_move(from_status text, to_status text) returns boolean language sql immutable as $$
  select from_status = to_status or (from_status, to_status) in (
    ('queued', 'running'), ('queued', 'failed'), ('queued', 'canceled'),
    ('running', 'succeeded'), ('running', 'failed'), ('running', 'canceled'), ('running', 'queued'),
    ('failed', 'queued'), ('failed', 'running'),
    ('succeeded', 'queued'), ('succeeded', 'running'),
    ('canceled', 'queued')
  )
$$;

create function scene_may_move(from_status text, to_status text) returns boolean language sql immutable as $$
  select from_status = to_status or (from_status, to_status) in (
    ('queued', 'running'), ('queued', 'succeeded'), ('queued', 'failed'), ('queued', 'canceled'),
    ('running', 'succeeded'), ('running', 'failed'), ('running', 'canceled'), ('running', 'queued'),
    ('failed', 'queued'), ('failed', 'running'),
    ('succeeded', 'queued'), ('succeeded', 'running'),
    ('canceled', 'queued')
  )
$$;

create function guard_job_status() returns trigger language plpgsql as $$
begin
  if not job_may_move(old.status, new.status) then
    raise exception 'a job cannot move from % to %', old.status, new.status using errcode = 'check_violation';
  end if;
  new.updated_at := clock_timestamp();
  return new;
end
$$;

create function guard_scene_status() returns trigger language plpgsql as $$
begin
  if not scene_may_move(old.status, new.status) then
    raise exception 'a scene cannot move from % to %', old.status, new.status using errcode = 'check_violation';
  end if;
  return new;
end
$$;

create function touch_updated_at() returns trigger language plpgsql as $$
begin
  new.updated_at := clock_timestamp();
  return new;
end
$$;

-- Security definer: it has to see a character that row-level security hides, in order to refuse it.
create function guard_character_owner() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if not exists (
    select from public.characters
    where id = new.character_id and (is_premade or user_id = new.user_id)
  ) then
    raise exception 'no such character' using errcode = 'foreign_key_violation';
  end if;
  return new;
end
$$;

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;

create trigger jobs_status before update on jobs for each row execute function guard_job_status();
create trigger job_scenes_status before update on job_scenes for each row execute function guard_scene_status();
create trigger scripts_touch before update on scripts for each row execute function touch_updated_at();
create trigger provider_attempts_touch before update on provider_attempts
  for each row execute function touch_updated_at();
create trigger budgets_touch before update on budgets for each row execute function touch_updated_at();
create trigger script_characters_same_owner before insert or update on script_characters
  for each row execute function guard_character_owner();
create trigger job_characters_same_owner before insert on job_characters
  for each row execute function guard_character_owner();
create trigger job_events_append_only before update on job_events for each row execute function refuse_change();
create trigger script_versions_append_only before update on script_versions
  for each row execute function refuse_change();
