"""The sensor that tells Dagster of edits, on a real database and an instance of Dagster in memory."""

import asyncio
from collections.abc import Iterator

import dagster as dg
import pytest

from domain.fingerprint import fingerprint
from domain.script import Line, Script
from resources.database import jobs, scripts
from resources.database.connection import Connection, Database, UserDatabase
from sensors.edits import edits
from tests.conftest import DatabaseUrls
from tests.integration.database.conftest import Tenant

EDITED = Script(title="A talk", language="en", lines=(Line(text="Two.", start=0, end=2),))


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def look(instance: dg.DagsterInstance, urls: DatabaseUrls) -> str:
    """What one evaluation says."""
    skip = edits(dg.build_sensor_context(instance=instance, resources={"database": Database(urls.worker)}))
    assert isinstance(skip, dg.SkipReason)
    return skip.skip_message or ""


async def test_an_edit_that_the_api_did_not_report_is_reported_once(
    instance: dg.DagsterInstance, users: UserDatabase, database_urls: DatabaseUrls, worker: Connection, ann: Tenant
) -> None:
    first = EDITED.changed(lines=(Line(text="One.", start=0, end=2),))
    await scripts.save_first_version(worker, ann.script_id, first)
    await jobs.begin_job(worker, ann.job_id, "run", None)
    await jobs.record_reported_version(worker, ann.job_id, 1)
    await jobs.succeed_job(worker, ann.job_id, "run")
    assert await asyncio.to_thread(look, instance, database_urls) == "Dagster knows of every edit."
    async with users.as_user(ann.user_id) as connection:
        await scripts.add_version(connection, ann.script_id, 1, EDITED, edits=[])
    assert await asyncio.to_thread(look, instance, database_urls) == "1 edits are reported."
    assert await asyncio.to_thread(look, instance, database_urls) == "Dagster knows of every edit."
    (record,) = instance.fetch_materializations(dg.AssetKey("script"), limit=9).records
    assert record.partition_key == str(ann.job_id)
    event = record.asset_materialization
    assert event
    assert event.tags
    assert event.tags["dagster/data_version"] == fingerprint(EDITED)
    assert event.metadata["version"].value == 2


async def test_a_script_that_cannot_be_read_keeps_no_other_from_being_reported(
    instance: dg.DagsterInstance, database_urls: DatabaseUrls, worker: Connection, ann: Tenant, ben: Tenant
) -> None:
    for tenant in (ann, ben):
        await scripts.save_first_version(worker, tenant.script_id, EDITED)
        await jobs.begin_job(worker, tenant.job_id, "run", None)
        await jobs.record_reported_version(worker, tenant.job_id, 1)
        await jobs.succeed_job(worker, tenant.job_id, "run")
        await worker.execute("update scripts set version = 2 where id = %s", (tenant.script_id,))
    await worker.execute(
        """update scripts set normalized_script = '{"title": "", "lines": [7]}' where id = %s""", (ann.script_id,)
    )
    await asyncio.to_thread(look, instance, database_urls)
    (record,) = instance.fetch_materializations(dg.AssetKey("script"), limit=9).records
    assert record.partition_key == str(ben.job_id)
    assert await asyncio.to_thread(look, instance, database_urls) == "Dagster knows of every edit."
