"""Migrations on a real, bare PostgreSQL."""

import asyncio
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from domain.errors import ErrorCode, RecastError
from resources.database.migrations import MigrationError, migrate


@pytest.fixture
def empty(postgres: str) -> Iterator[str]:
    name = sql.Identifier(database := f"empty_{uuid.uuid4().hex}")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(name))
    yield postgres.rsplit("/", 1)[0] + f"/{database}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(name))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bootstrap.sql").write_text("create schema if not exists auth;")
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "0001_a.sql").write_text("create table a (); create table b ();")
    return tmp_path


async def test_migrations_are_applied_once(empty: str, folder: Path) -> None:
    assert [one.name for one in await migrate(empty, folder)] == ["a"]
    assert await migrate(empty, folder) == []
    (folder / "migrations" / "0002_c.sql").write_text("create table c ()")
    assert [one.name for one in await migrate(empty, folder)] == ["c"]


async def test_a_broken_migration_leaves_nothing_behind(empty: str, folder: Path) -> None:
    (folder / "migrations" / "0002_broken.sql").write_text("create table half (); select no_such_function();")
    with pytest.raises(psycopg.errors.UndefinedFunction):
        await migrate(empty, folder)
    with psycopg.connect(empty) as connection:
        tables = connection.execute("select tablename from pg_tables where schemaname = 'public' order by 1").fetchall()
    assert tables == [("a",), ("b",)]
    (folder / "migrations" / "0002_broken.sql").write_text("create table whole ()")
    assert [one.version for one in await migrate(empty, folder)] == ["0002"]


async def test_an_edited_migration_is_refused_by_the_database_that_saw_it(empty: str, folder: Path) -> None:
    await migrate(empty, folder)
    (folder / "migrations" / "0001_a.sql").write_text("create table other ();")
    with pytest.raises(MigrationError, match="was edited"):
        await migrate(empty, folder)


async def test_many_at_once_apply_each_migration_once(empty: str, folder: Path) -> None:
    applied = await asyncio.gather(*(migrate(empty, folder) for _ in range(4)))
    assert sorted(len(one) for one in applied) == [0, 0, 0, 1]


async def test_a_schema_auth_of_somebody_else_is_left_alone(empty: str, folder: Path) -> None:
    """On Supabase the schema belongs to Supabase: the bootstrap must not touch it."""
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute("create schema auth; alter schema auth owner to pg_monitor")
    (folder / "bootstrap.sql").write_text("create table auth.users ();")
    await migrate(empty, folder)
    with psycopg.connect(empty) as connection:
        assert connection.execute("select to_regclass('auth.users')").fetchone() == (None,)


async def test_a_stopped_postgres_has_a_code() -> None:
    with pytest.raises(RecastError) as caught:
        await migrate("postgresql://nobody@127.0.0.1:1/none")
    assert caught.value.code is ErrorCode.DATABASE_UNAVAILABLE
