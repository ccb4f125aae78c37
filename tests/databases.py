"""One migrated database for all tests of a worker, emptied after each, for an eighth of what a copy for each costs."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import psycopg
from psycopg import sql

from resources.database.migrations import migrate

# Rows of the catalogues that a statement of DDL would have written anew.
SCHEMA = """
select md5(string_agg(line, ',' order by line)) from (
  select 'c' || oid || ' ' || xmin from pg_class where relnamespace > 16383 or relnamespace = 'public'::regnamespace
  union all select 'a' || attrelid || ' ' || attnum || ' ' || xmin from pg_attribute where attrelid > 16383
  union all select 'f' || oid || ' ' || xmin from pg_proc where oid > 16383
  union all select 'p' || oid || ' ' || xmin from pg_policy
  union all select 't' || oid || ' ' || xmin from pg_trigger where oid > 16383
  union all select 'n' || oid || ' ' || xmin from pg_constraint where oid > 16383
) rows (line)
"""

LEFT_OVER = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> %s"

EMPTY = """
do $$ declare name regclass; begin
  set local session_replication_role = replica;  -- no triggers, and no order that foreign keys would want
  for name in select oid from pg_class where relkind = 'r' and relnamespace::regnamespace::text in ('public', 'auth')
  loop execute 'delete from ' || name; end loop;
end $$
"""


class Databases:
    """Lends an empty, migrated database; ``postgres`` is the superuser's URL of the database `postgres`."""

    def __init__(self, postgres: str, passwords: Mapping[str, str]) -> None:
        self._postgres = postgres
        self._passwords = passwords
        self._numbers = count(1)
        self._spare: Migrated | None = None

    def lend(self) -> "Migrated":
        lent, self._spare = self._spare or self._make(), None
        return lent

    def take_back(self, lent: "Migrated") -> None:
        """Empty it for the next test, or drop it if its schema is no longer that of the migrations."""
        with psycopg.connect(lent.url, autocommit=True) as connection:
            connection.execute(LEFT_OVER, (connection.info.backend_pid,))
            if _schema(connection) == lent.schema:
                connection.execute(EMPTY)
                self._spare = lent
                return
        with psycopg.connect(self._postgres, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(lent.name)))

    def _make(self) -> "Migrated":
        name = f"test_{next(self._numbers)}"
        url = self._postgres.rsplit("/", 1)[0] + f"/{name}"
        with psycopg.connect(self._postgres, autocommit=True) as connection:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
            asyncio.run(migrate(url))
            connection.execute("set scram_iterations = 1")
            for login, password in self._passwords.items():
                alter = sql.SQL("alter role {} password {}")
                connection.execute(alter.format(sql.Identifier(login), sql.Literal(password)))
        with psycopg.connect(url) as connection:
            return Migrated(name, url, _schema(connection))


@dataclass(frozen=True)
class Migrated:
    """``url`` is the superuser's; ``schema`` tells whether anybody has changed a table, a function or a policy."""

    name: str
    url: str
    schema: str


def _schema(connection: psycopg.Connection[Any]) -> str:
    row = connection.execute(SCHEMA).fetchone()
    assert row
    return str(row[0])
