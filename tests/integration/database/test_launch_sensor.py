"""The launch sensor on a real database and an instance of Dagster in memory."""

import asyncio

import dagster as dg

from domain.stages import JobType, dagster_job_name
from resources.database.connection import Connection, Database
from sensors.launch import launch_sensor
from tests.conftest import DatabaseUrls
from tests.integration.database.conftest import Tenant


def launched(urls: DatabaseUrls) -> list[str | None]:
    sensor = launch_sensor([dg.define_asset_job(dagster_job_name(type_)) for type_ in JobType])
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance=instance, resources={"database": Database(urls.worker)})
        result = sensor(context)
    assert isinstance(result, dg.SensorResult)
    return [request.partition_key for request in result.run_requests or ()]


async def test_a_job_that_cannot_be_read_keeps_no_other_from_its_launch(
    database_urls: DatabaseUrls, worker: Connection, ann: Tenant, ben: Tenant
) -> None:
    """Options are JSON that users may write themselves, with SQL of their own."""
    await worker.execute("""update jobs set options = '{"finish": {"order": 7}}' where id = %s""", (ann.job_id,))
    assert await asyncio.to_thread(launched, database_urls) == [str(ben.job_id)]
