-- What hosted Supabase brings and a bare PostgreSQL does not: roles, the auth schema and the functions that policies
-- call. Applied before the migrations on a bare PostgreSQL, never on Supabase, where `auth` belongs to Supabase.

do $$
begin
  if not exists (select from pg_roles where rolname = 'anon') then
    create role anon nologin;
  end if;
  if not exists (select from pg_roles where rolname = 'authenticated') then
    create role authenticated nologin;
  end if;
  if not exists (select from pg_roles where rolname = 'service_role') then
    create role service_role nologin bypassrls;
  end if;
end
$$;

create schema if not exists auth;
create table if not exists auth.users (id uuid primary key, email text unique);

-- After a transaction the setting reads '', not null: hence nullif.
create or replace function auth.jwt() returns jsonb language sql stable as
$$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb $$;

create or replace function auth.uid() returns uuid language sql stable as
$$ select (auth.jwt() ->> 'sub')::uuid $$;

grant usage on schema auth, public to anon, authenticated, service_role;
