"""Applies supabase/migrations/*.sql in order, once, each in a transaction.

The ledger is the table that the Supabase CLI keeps, so a database migrated by either is up to date for both. On a bare
PostgreSQL `bootstrap.sql` runs first; on Supabase, where the schema `auth` belongs to Supabase, it never does.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import AsyncConnection

from resources.database.connection import CONNECT_TIMEOUT_SECONDS, unavailable

SUPABASE_FOLDER = Path(__file__).parents[2] / "supabase"
LOCK_KEY = 7_236_841_905
FILE_NAME = re.compile(r"(?P<version>\d+)_(?P<name>\w+)\.sql")


class MigrationError(Exception):
    """The migrations on disk do not continue those that the database has seen."""


@dataclass(frozen=True, slots=True)
class Migration:
    version: str
    name: str
    sql: str


def read_migrations(folder: Path) -> list[Migration]:
    """The migrations in order of their versions. Raises MigrationError on a file name without one, or two of one."""
    migrations = []
    for path in sorted(folder.glob("*.sql")):
        if not (match := FILE_NAME.fullmatch(path.name)):
            raise MigrationError(f"{path.name} is not named <version>_<name>.sql")
        migrations.append(Migration(match["version"], match["name"], path.read_text(encoding="utf-8")))
    if len({migration.version for migration in migrations}) < len(migrations):
        raise MigrationError("two migrations have the same version; give the newer one the next number")
    return migrations


def pending(migrations: Sequence[Migration], applied: dict[str, list[str]]) -> list[Migration]:
    """Those not applied yet. ``applied`` maps a version to the statements that the ledger keeps of it.

    Raises MigrationError when an applied one was edited (as far as this runner wrote it: as one statement), is gone
    from disk, or when a new one comes before an applied one.
    """
    known = {migration.version for migration in migrations}
    if gone := sorted(set(applied) - known):
        raise MigrationError(f"migration {gone[0]} was applied to this database but is not in the folder; restore it")
    for migration in migrations:
        if applied.get(migration.version) not in (None, [migration.sql]) and len(applied[migration.version]) == 1:
            raise MigrationError(
                f"migration {migration.version}_{migration.name} was edited after it was applied; restore it and"
                " write the change as a new migration"
            )
    new = [migration for migration in migrations if migration.version not in applied]
    if new and applied and new[0].version < max(applied):
        raise MigrationError(f"migration {new[0].version} comes before {max(applied)}, which is applied; renumber it")
    return new


async def migrate(admin_url: str, folder: Path = SUPABASE_FOLDER) -> list[Migration]:
    """Bring the database at ``admin_url`` up to date; returns what was applied. Many may run it at once."""
    migrations = read_migrations(folder / "migrations")
    try:
        connection = await AsyncConnection.connect(admin_url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_SECONDS)
    except psycopg.OperationalError as error:
        raise unavailable(error) from error
    async with connection:
        await connection.execute("select pg_advisory_lock(%s)", (LOCK_KEY,))
        if await _is_bare(connection):
            await connection.execute((folder / "bootstrap.sql").read_text(encoding="utf-8").encode())
        await connection.execute(
            "create schema if not exists supabase_migrations;"
            "create table if not exists supabase_migrations.schema_migrations"
            " (version text primary key, statements text[], name text)"
        )
        cursor = await connection.execute("select version, statements from supabase_migrations.schema_migrations")
        new = pending(migrations, {version: statements or [] for version, statements in await cursor.fetchall()})
        for migration in new:
            async with connection.transaction():
                await connection.execute(migration.sql.encode())
                await connection.execute(
                    "insert into supabase_migrations.schema_migrations (version, statements, name) values (%s, %s, %s)",
                    (migration.version, [migration.sql], migration.name),
                )
        return new


async def _is_bare(connection: AsyncConnection[tuple[object, ...]]) -> bool:
    """Whether this PostgreSQL is nobody's Supabase: the schema auth is missing, or it is ours."""
    cursor = await connection.execute(
        "select not exists (select from pg_namespace where nspname = 'auth'"
        " and pg_get_userbyid(nspowner) <> current_user)"
    )
    row = await cursor.fetchone()
    return bool(row and row[0])
