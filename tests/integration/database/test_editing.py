"""Versions of scripts are made by one function, in turn, and by nobody but their owner."""

import asyncio
from uuid import uuid4

import psycopg
import pytest

from domain.script import Line, Script
from domain.stages import JobType
from resources.database import jobs, scripts
from resources.database.connection import Connection, Database, UserDatabase
from resources.database.records import JobOptions
from tests.conftest import DatabaseUrls
from tests.integration.database.conftest import Tenant


def script(text: str) -> Script:
    return Script(title="A talk", language="en", lines=(Line(text=text, start=0, end=2),))


@pytest.fixture
async def imported(worker: Connection, ann: Tenant) -> Tenant:
    await scripts.save_first_version(worker, ann.script_id, script("One."))
    return ann


async def versions(worker: Connection, tenant: Tenant) -> list[tuple[int, str]]:
    cursor = await worker.execute(
        "select version, normalized_script #>> '{lines,0,text}' from script_versions where script_id = %s order by 1",
        (tenant.script_id,),
    )
    return await cursor.fetchall()


async def test_an_edit_adds_a_version_and_keeps_the_one_before(
    users: UserDatabase, worker: Connection, imported: Tenant
) -> None:
    async with users.as_user(imported.user_id) as connection:
        edits = [{"op": "set_text", "line": 1, "text": "Two."}]
        made = await scripts.add_version(connection, imported.script_id, 1, script("Two."), edits=edits)
        assert made == (2, True)
    assert await versions(worker, imported) == [(1, "One."), (2, "Two.")]
    row = await scripts.find_script(worker, imported.script_id)
    assert row
    assert (row.version, row.normalized_script) == (2, script("Two."))


async def test_a_stale_edit_writes_nothing_and_hears_the_present_version(
    users: UserDatabase, worker: Connection, imported: Tenant
) -> None:
    for expected in (0, 2, 7):
        async with users.as_user(imported.user_id) as connection:
            assert await scripts.add_version(connection, imported.script_id, expected, script("X."), edits=[]) == (
                1,
                False,
            )
    assert await versions(worker, imported) == [(1, "One.")]


async def test_a_script_that_is_not_imported_cannot_be_edited(users: UserDatabase, ann: Tenant) -> None:
    async with users.as_user(ann.user_id) as connection:
        assert await scripts.add_version(connection, ann.script_id, 0, script("X."), edits=[]) == (0, False)


async def test_nobody_edits_anothers_script_or_one_that_is_not_there(
    users: UserDatabase, worker: Connection, imported: Tenant, ben: Tenant
) -> None:
    for script_id in (imported.script_id, uuid4()):
        async with users.as_user(ben.user_id) as connection:
            assert await scripts.add_version(connection, script_id, 1, script("X."), edits=[]) is None
            assert await scripts.find_version(connection, script_id, 1) is None
            assert await scripts.list_versions(connection, script_id, limit=9) == []
    assert await versions(worker, imported) == [(1, "One.")]


async def test_somebody_who_has_not_signed_in_edits_nothing(users: UserDatabase, imported: Tenant) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with users.as_anyone() as connection:
            await scripts.add_version(connection, imported.script_id, 1, script("X."), edits=[])


async def test_of_many_edits_of_one_version_one_is_made(
    database_urls: DatabaseUrls, worker: Connection, imported: Tenant
) -> None:
    users = UserDatabase(database_urls.api, max_connections=8)
    await users.open()

    async def edit(number: int) -> tuple[int, bool] | None:
        async with users.as_user(imported.user_id) as connection:
            return await scripts.add_version(connection, imported.script_id, 1, script(f"Edit {number}."), edits=[])

    try:
        outcomes = await asyncio.gather(*map(edit, range(8)))
    finally:
        await users.close()
    assert sorted(outcomes, key=str) == [(2, False)] * 7 + [(2, True)]
    assert len(await versions(worker, imported)) == 2


async def test_a_version_is_edited_or_restored_but_not_both(users: UserDatabase, imported: Tenant) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        async with users.as_user(imported.user_id) as connection:
            await scripts.add_version(
                connection, imported.script_id, 1, script("X."), edits=[{"op": "cut"}], restored_version=1
            )


async def test_partitions_wait_for_a_report_until_their_job_has_ended(
    users: UserDatabase, database_urls: DatabaseUrls, worker: Connection, imported: Tenant
) -> None:
    async def unreported() -> list[int]:
        return [edit.version for edit in await jobs.list_unreported(worker, 9, imported.script_id)]

    await jobs.begin_job(worker, imported.job_id, "run", None)
    await jobs.record_reported_version(worker, imported.job_id, 1)
    async with users.as_user(imported.user_id) as connection:
        await scripts.add_version(connection, imported.script_id, 1, script("Two."), edits=[])
    assert await unreported() == []
    await jobs.succeed_job(worker, imported.job_id, "run")
    assert await unreported() == [2]
    async with users.as_user(imported.user_id) as connection:
        assert len(await jobs.list_unreported(connection, 9, imported.script_id)) == 1
        await jobs.record_reported_version(connection, imported.job_id, 2)
    assert await unreported() == []
    async with Database(database_urls.worker).connect() as other:
        assert await jobs.list_unreported(other, 9) == []


@pytest.mark.parametrize("content", ['{"bad": 1}', "[]", "null", '{"title": "A", "lines": {}}'])
async def test_what_is_no_script_becomes_no_version(
    users: UserDatabase, worker: Connection, imported: Tenant, content: str
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        async with users.as_user(imported.user_id) as connection:
            await connection.execute(
                "select * from edit_script(%s, 1, %s::jsonb, '[]', null, null, null)", (imported.script_id, content)
            )
    assert await versions(worker, imported) == [(1, "One.")]


async def test_what_is_reported_is_only_ever_recorded_upwards(worker: Connection, imported: Tenant) -> None:
    async def reported() -> int:
        cursor = await worker.execute("select reported_version from jobs where id = %s", (imported.job_id,))
        row = await cursor.fetchone()
        assert row
        version: int = row[0]
        return version

    await jobs.begin_job(worker, imported.job_id, "run", None)
    await jobs.record_reported_version(worker, imported.job_id, 1)
    await jobs.raise_reported_version(worker, imported.job_id, 5)
    assert await reported() == 1  # of a job that runs, its run says what it has materialised
    await jobs.succeed_job(worker, imported.job_id, "run")
    for version, recorded in ((3, 3), (2, 3), (4, 4)):
        await jobs.raise_reported_version(worker, imported.job_id, version)
        assert await reported() == recorded


async def test_of_many_versions_the_first_the_newest_and_those_of_jobs_are_kept(
    users: UserDatabase, worker: Connection, imported: Tenant
) -> None:
    script_id, user_id = imported.script_id, imported.user_id
    await worker.execute(
        """
        insert into script_versions (script_id, user_id, version, normalized_script, edits)
        select script_id, user_id, number, normalized_script, '[]' from script_versions, generate_series(2, 249) number
        where script_id = %s
        """,
        (script_id,),
    )
    await worker.execute("update scripts set version = 249 where id = %s", (script_id,))
    for version in (7, 40):
        await jobs.insert_job(
            worker,
            user_id=user_id,
            project_id=imported.project_id,
            script_id=script_id,
            job_type=JobType.GENERATION,
            options=JobOptions(),
            script_version=version,
        )
    for version in (5, 45, 55):
        await worker.execute(
            "insert into script_requests (script_id, user_id, request_key, request_hash, version)"
            " values (%s, %s, %s, 'h', %s)",
            (script_id, user_id, f"of {version}", version),
        )
    async with users.as_user(user_id) as connection:
        assert await scripts.add_version(connection, script_id, 249, script("New."), edits=[]) == (250, True)
    assert [version for version, _ in await versions(worker, imported)] == [1, 7, 40, *range(51, 251)]
    cursor = await worker.execute("select version from script_requests")
    assert await cursor.fetchall() == [(55,)]
