"""Versions of scripts are made by one function, in turn, and by nobody but their owner."""

import asyncio
from uuid import uuid4

import psycopg
import pytest

from domain.script import Line, Script
from resources.database import jobs, scripts
from resources.database.connection import Connection, Database, UserDatabase
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
