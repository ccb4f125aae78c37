"""What holds for every table, those to come included."""

from typing import Any

import psycopg
import pytest

from domain.characters import CHARACTER_TRANSITIONS, CharacterStatus
from domain.errors import ErrorCode
from domain.states import JOB_TRANSITIONS, SCENE_TRANSITIONS, JobStatus, SceneStatus
from resources.database import jobs
from resources.database.connection import Connection
from tests.conftest import DatabaseUrls
from tests.integration.database.conftest import Tenant

UNGUARDED = """
select relname from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not (relrowsecurity and relforcerowsecurity)
"""


def unguarded(connection: psycopg.Connection[Any]) -> list[str]:
    return [row[0] for row in connection.execute(UNGUARDED)]


def test_every_table_enables_and_forces_row_level_security(database_urls: DatabaseUrls) -> None:
    with psycopg.connect(database_urls.admin) as connection:
        assert unguarded(connection) == []
        connection.execute("create table forgotten (id int); alter table forgotten enable row level security")
        assert unguarded(connection) == ["forgotten"]


def test_a_view_sees_no_more_than_its_reader(database_urls: DatabaseUrls) -> None:
    """A plain view reads with its owner's rights, past every policy."""
    careless = """
    select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm')
      and not coalesce('security_invoker=true' = any (reloptions), false)
    """
    with psycopg.connect(database_urls.admin) as connection:
        assert connection.execute(careless).fetchall() == []
        connection.execute("create view forgotten as select * from jobs")
        assert connection.execute(careless).fetchall() == [("forgotten",)]


def test_a_function_with_its_owners_rights_has_a_fixed_search_path(database_urls: DatabaseUrls) -> None:
    with psycopg.connect(database_urls.admin) as connection:
        careless = connection.execute(
            """
            select proname from pg_proc where pronamespace = 'public'::regnamespace and prosecdef
              and not exists (select from unnest(proconfig) setting where setting like 'search_path=%')
            """
        ).fetchall()
    assert careless == []


def test_no_policy_lets_a_user_reach_rows_without_naming_the_user(database_urls: DatabaseUrls) -> None:
    with psycopg.connect(database_urls.admin) as connection:
        policies = connection.execute(
            "select tablename, policyname, coalesce(qual, '') || coalesce(with_check, '') from pg_policies"
            " where schemaname = 'public'"
        ).fetchall()
    assert policies
    careless = [
        (table, name) for table, name, rule in policies if "auth.uid()" not in rule and "is_premade" not in rule
    ]
    assert careless == []


def test_every_foreign_key_between_tenants_tables_carries_the_user(database_urls: DatabaseUrls) -> None:
    """A plain key would let a row hang under another tenant's. Characters are shared: a trigger guards those."""
    with psycopg.connect(database_urls.admin) as connection:
        rows = connection.execute(
            """
            select conrelid::regclass::text, confrelid::regclass::text,
              array(select attname from pg_attribute where attrelid = conrelid and attnum = any (conkey))
            from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace
            """
        ).fetchall()
    assert len(rows) > 10
    plain = [(child, parent) for child, parent, columns in rows if "user_id" not in columns]
    assert sorted(plain) == [("script_characters", "characters"), ("webhook_deliveries", "provider_attempts")]


def test_every_tenants_table_has_an_index_that_begins_with_the_user(database_urls: DatabaseUrls) -> None:
    with psycopg.connect(database_urls.admin) as connection:
        missing = connection.execute(
            """
            select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'user_id'
            where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
              and not exists (select from pg_index i where i.indrelid = c.oid and i.indkey[0] = a.attnum)
            """
        ).fetchall()
    assert missing == []


async def test_jobs_move_as_the_domain_says(worker: Connection) -> None:
    await _compare(worker, "job_may_move", JOB_TRANSITIONS, JobStatus)


async def test_scenes_move_as_the_domain_says(worker: Connection) -> None:
    await _compare(worker, "scene_may_move", SCENE_TRANSITIONS, SceneStatus)


async def test_characters_move_as_the_domain_says(worker: Connection) -> None:
    await _compare(worker, "character_may_move", CHARACTER_TRANSITIONS, CharacterStatus)


async def _compare(worker: Connection, function: str, transitions: Any, status: Any) -> None:
    for before in status:
        for after in status:
            cursor = await worker.execute(f"select {function}(%s, %s)", (before, after))
            row = await cursor.fetchone()
            assert row[0] == (before == after or after in transitions[before]), (before, after)


async def test_a_forbidden_move_is_refused_whoever_asks(worker: Connection, ann: Tenant) -> None:
    await worker.execute("update jobs set status = 'canceled' where id = %s", (ann.job_id,))
    with pytest.raises(psycopg.errors.CheckViolation, match="cannot move from canceled to running"):
        await worker.execute("update jobs set status = 'running' where id = %s", (ann.job_id,))


async def test_only_a_job_that_had_succeeded_goes_straight_back_to_it(worker: Connection, ann: Tenant) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="jobs_succeeded_check"):
        await worker.execute("update jobs set status = 'succeeded' where id = %s", (ann.job_id,))
    await worker.execute("update jobs set succeeded_at = now() where id = %s", (ann.job_id,))
    assert await jobs.fail_job(worker, ann.job_id, ErrorCode.RUN_LOST, "lost", run_id=None)
    job = await jobs.find_job(worker, ann.job_id)
    assert job
    assert (job.status, job.progress, job.error_code) == ("succeeded", 100, "RUN_LOST")


async def test_events_are_append_only(worker: Connection, ann: Tenant) -> None:
    await worker.execute(
        "insert into job_events (job_id, user_id, kind) values (%s, %s, 'k')", (ann.job_id, ann.user_id)
    )
    with pytest.raises(psycopg.errors.RestrictViolation):
        await worker.execute("update job_events set message = 'rewritten'")
