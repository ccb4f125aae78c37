-- The two logins of the product. Neither has rights of its own: each can only become the roles granted to it, and a
-- connection that forgets to set its role and claims sees nothing. Passwords are set outside the migrations.

do $$
begin
  if not exists (select from pg_roles where rolname = 'api_gateway') then
    create role api_gateway login noinherit nobypassrls;
  end if;
  if not exists (select from pg_roles where rolname = 'recast_worker') then
    create role recast_worker login noinherit nobypassrls;
  end if;
end
$$;

grant anon, authenticated to api_gateway;
grant service_role to recast_worker;
