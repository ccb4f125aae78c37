-- Row-level security: enabled and forced on every table, one policy per command, grants written out. A user reaches
-- only rows that carry their id. What only the pipeline may write (status, results, money, tokens) is granted to no
-- user at all. The outbox columns are: a launch is the user's own request, and the pipeline checks what it finds there.

revoke all on all tables in schema public from anon, authenticated;
revoke all on function job_may_move, scene_may_move, guard_job_status, guard_scene_status, touch_updated_at,
  guard_character_owner, refuse_change from public;
alter default privileges in schema public revoke all on tables from anon, authenticated;

do $$
declare
  name text;
begin
  for name in select tablename from pg_tables where schemaname = 'public' loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
  end loop;
end
$$;

grant select, insert, update, delete on all tables in schema public to service_role;
grant usage on all sequences in schema public to service_role;
grant execute on function job_may_move, scene_may_move, guard_character_owner to authenticated, service_role;
grant execute on function guard_job_status, guard_scene_status, touch_updated_at, refuse_change
  to authenticated, service_role;

grant select on users, projects, scripts, script_versions, characters, script_characters, assets, jobs,
  job_characters, job_scenes, job_events, provider_attempts, budgets to authenticated;
grant select on characters to anon;
grant insert (id, email) on users to authenticated;
grant insert (id, user_id, title), update (title, status), delete on projects to authenticated;
grant insert (id, user_id, project_id, youtube_url, video_id),
  update (normalized_script, language, version), delete on scripts to authenticated;
grant insert on script_versions to authenticated;
grant insert (id, user_id, name, description, style, image_url, voice),
  update (name, description, style, image_url, voice), delete on characters to authenticated;
grant insert, update, delete on script_characters to authenticated;
grant insert (id, user_id, project_id, script_id, script_version, parent_job_id, type, options, idempotency_key,
  request_hash) on jobs to authenticated;
grant update (launch_number, launch_claimed_at, dagster_run_id, cancel_requested_at) on jobs to authenticated;

create policy users_select on users for select to authenticated using ((select auth.uid()) = id);
create policy users_insert on users for insert to authenticated with check ((select auth.uid()) = id);

create policy projects_select on projects for select to authenticated using ((select auth.uid()) = user_id);
create policy projects_insert on projects for insert to authenticated with check ((select auth.uid()) = user_id);
create policy projects_update on projects for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy projects_delete on projects for delete to authenticated using ((select auth.uid()) = user_id);

create policy scripts_select on scripts for select to authenticated using ((select auth.uid()) = user_id);
create policy scripts_insert on scripts for insert to authenticated with check ((select auth.uid()) = user_id);
create policy scripts_update on scripts for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy scripts_delete on scripts for delete to authenticated using ((select auth.uid()) = user_id);

create policy script_versions_select on script_versions for select to authenticated
  using ((select auth.uid()) = user_id);
create policy script_versions_insert on script_versions for insert to authenticated
  with check ((select auth.uid()) = user_id);

create policy characters_select on characters for select to authenticated
  using (is_premade or (select auth.uid()) = user_id);
create policy characters_select_premade on characters for select to anon using (is_premade);
create policy characters_insert on characters for insert to authenticated
  with check ((select auth.uid()) = user_id and not is_premade);
create policy characters_update on characters for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id and not is_premade);
-- Links are signed for whatever key stands here, so it must be one of the owner's own.
alter table characters add constraint characters_own_image
  check (is_premade or image_url like 'users/' || user_id || '/characters/%');
create policy characters_delete on characters for delete to authenticated using ((select auth.uid()) = user_id);

create policy script_characters_select on script_characters for select to authenticated
  using ((select auth.uid()) = user_id);
create policy script_characters_insert on script_characters for insert to authenticated
  with check ((select auth.uid()) = user_id);
create policy script_characters_update on script_characters for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy script_characters_delete on script_characters for delete to authenticated
  using ((select auth.uid()) = user_id);

create policy assets_select on assets for select to authenticated using ((select auth.uid()) = user_id);

create policy jobs_select on jobs for select to authenticated using ((select auth.uid()) = user_id);
create policy jobs_insert on jobs for insert to authenticated
  with check ((select auth.uid()) = user_id and type in ('import', 'generation'));
create policy jobs_update on jobs for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);

create policy job_characters_select on job_characters for select to authenticated
  using ((select auth.uid()) = user_id);
create policy job_scenes_select on job_scenes for select to authenticated using ((select auth.uid()) = user_id);
create policy job_events_select on job_events for select to authenticated
  using ((select auth.uid()) = user_id and audience = 'user');
create policy provider_attempts_select on provider_attempts for select to authenticated
  using ((select auth.uid()) = user_id);
create policy budgets_select on budgets for select to authenticated using ((select auth.uid()) = user_id);

-- oauth_tokens, oauth_states, webhook_deliveries and rate_limits have no policy and no grant: no user reads them.
