"""The jobs row is the outbox: claimed once, launched once, and never lost."""

import asyncio

from domain.errors import ErrorCode
from resources.database import jobs
from resources.database.connection import Connection, Database
from tests.conftest import DatabaseUrls
from tests.integration.database.conftest import Tenant


async def test_of_many_launchers_at_the_same_instant_one_gets_the_job(database_urls: DatabaseUrls, ann: Tenant) -> None:
    async def claim() -> bool:
        async with Database(database_urls.worker).connect() as connection:
            return await jobs.claim_launch(connection, ann.job_id) is not None

    assert sum(await asyncio.gather(*(claim() for _ in range(12)))) == 1


async def test_a_claim_whose_launcher_died_is_free_again_after_a_while(worker: Connection, ann: Tenant) -> None:
    first = await jobs.claim_launch(worker, ann.job_id)
    assert first is not None
    assert await jobs.list_launchable(worker, 10) == []
    await worker.execute("update jobs set launch_claimed_at = now() - interval '31 s' where id = %s", (ann.job_id,))
    assert await jobs.list_launchable(worker, 10) == [ann.job_id]
    second = await jobs.claim_launch(worker, ann.job_id)
    assert second is not None
    assert second.launch_number == first.launch_number + 1


async def test_a_claim_given_back_is_free_at_once(worker: Connection, ann: Tenant) -> None:
    claimed = await jobs.claim_launch(worker, ann.job_id)
    assert claimed
    await jobs.release_launch(worker, ann.job_id, claimed.launch_number)
    assert await jobs.claim_launch(worker, ann.job_id) is not None


async def test_a_run_of_an_overtaken_launch_may_not_begin(worker: Connection, ann: Tenant) -> None:
    """A launcher that hung for longer than its claim: both runs exist, and only the newer one works."""
    await jobs.claim_launch(worker, ann.job_id)
    await worker.execute("update jobs set launch_claimed_at = null where id = %s", (ann.job_id,))
    await jobs.claim_launch(worker, ann.job_id)
    assert await jobs.begin_job(worker, ann.job_id, "old-run", launch_number=1) is None
    begun = await jobs.begin_job(worker, ann.job_id, "new-run", launch_number=2)
    assert begun is not None
    assert begun.dagster_run_id == "new-run"


async def test_a_launched_job_is_not_launched_again(worker: Connection, ann: Tenant) -> None:
    claimed = await jobs.claim_launch(worker, ann.job_id)
    assert claimed
    await jobs.record_run(worker, ann.job_id, claimed.launch_number, "run")
    await worker.execute("update jobs set launch_claimed_at = null where id = %s", (ann.job_id,))
    assert await jobs.claim_launch(worker, ann.job_id) is None


async def test_a_failure_of_an_overtaken_run_does_not_fail_the_job(worker: Connection, ann: Tenant) -> None:
    await jobs.begin_job(worker, ann.job_id, "new-run", launch_number=None)
    assert not await jobs.fail_job(worker, ann.job_id, ErrorCode.INTERNAL, "x", run_id="old-run")
    assert await jobs.fail_job(worker, ann.job_id, ErrorCode.INTERNAL, "x", run_id="new-run")


async def test_the_lock_of_a_job_goes_with_its_holder(
    database_urls: DatabaseUrls, worker: Connection, ann: Tenant
) -> None:
    async with Database(database_urls.worker).connect() as other:
        assert await jobs.try_lock_job(other, ann.job_id)
        assert not await jobs.try_lock_job(worker, ann.job_id)
        assert await jobs.is_job_locked(worker, ann.job_id)
    async with asyncio.timeout(10):  # the server ends a session a moment after its client has left
        while await jobs.is_job_locked(worker, ann.job_id):
            await asyncio.sleep(0.01)
    assert await jobs.try_lock_job(worker, ann.job_id)
