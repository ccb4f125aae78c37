"""The jobs table: work units, their states, and the outbox that launches are derived from."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from domain.errors import ErrorCode
from domain.finish import Finish
from domain.shots import ShotPrompt
from domain.stages import LAUNCHED_TYPES, JobType
from resources.database.connection import Connection
from resources.database.locks import held, lock_of
from resources.database.records import Job, JobOptions, JobResult, UnreportedEdit

CLAIM_SECONDS = 30
"""After so long another launcher may claim the job. A launch that takes longer still is fenced by its number."""


async def insert_job(
    connection: Connection,
    *,
    user_id: UUID,
    project_id: UUID,
    script_id: UUID,
    job_type: JobType,
    options: JobOptions,
    script_version: int | None = None,
    parent_job_id: UUID | None = None,
    idempotency_key: str | None = None,
    request_hash: str | None = None,
) -> Job | None:
    """The new job, or None when the user has already used ``idempotency_key``."""
    cursor = connection.cursor(row_factory=class_row(Job))
    await cursor.execute(
        """
        insert into jobs (user_id, project_id, script_id, script_version, parent_job_id, type, options,
                          idempotency_key, request_hash)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        on conflict (user_id, idempotency_key) do nothing
        returning *
        """,
        (
            user_id,
            project_id,
            script_id,
            script_version,
            parent_job_id,
            job_type,
            Jsonb(options.model_dump(mode="json")),
            idempotency_key,
            request_hash,
        ),
    )
    return await cursor.fetchone()


async def find_job(connection: Connection, job_id: UUID) -> Job | None:
    cursor = connection.cursor(row_factory=class_row(Job))
    await cursor.execute("select * from jobs where id = %s", (job_id,))
    return await cursor.fetchone()


async def find_job_by_idempotency_key(connection: Connection, user_id: UUID, key: str) -> Job | None:
    cursor = connection.cursor(row_factory=class_row(Job))
    await cursor.execute("select * from jobs where user_id = %s and idempotency_key = %s", (user_id, key))
    return await cursor.fetchone()


async def list_jobs(
    connection: Connection,
    *,
    limit: int,
    before: tuple[datetime, UUID] | None = None,
    job_type: JobType | None = None,
    status: str | None = None,
) -> Sequence[Job]:
    """Newest first, at most ``limit``, those older than the ``before`` keyset."""
    created_at, job_id = before or (None, None)
    cursor = connection.cursor(row_factory=class_row(Job))
    await cursor.execute(
        """
        select * from jobs
        where (%(created_at)s::timestamptz is null or (created_at, id) < (%(created_at)s, %(job_id)s::uuid))
          and (%(type)s::text is null or type = %(type)s)
          and (%(status)s::text is null or status = %(status)s)
        order by created_at desc, id desc
        limit %(limit)s
        """,
        {"created_at": created_at, "job_id": job_id, "type": job_type, "status": status, "limit": limit},
    )
    return await cursor.fetchall()


async def find_import_of(connection: Connection, script_id: UUID) -> Job | None:
    """The import job that filled a script."""
    cursor = connection.cursor(row_factory=class_row(Job))
    await cursor.execute(
        "select * from jobs where script_id = %s and type = 'import' order by created_at limit 1", (script_id,)
    )
    return await cursor.fetchone()


# The sound of a job's video


async def note_sound(connection: Connection, job_id: UUID) -> None:
    """It is about to be stored."""
    await connection.execute(
        "update jobs set sound_stored_at = coalesce(sound_stored_at, clock_timestamp()) where id = %s", (job_id,)
    )


async def note_sound_deleted(connection: Connection, job_id: UUID) -> None:
    await connection.execute("update jobs set sound_stored_at = null where id = %s", (job_id,))


async def list_jobs_with_needless_sound(
    connection: Connection, *, older_than_seconds: float, limit: int
) -> Sequence[tuple[UUID, UUID]]:
    """User and job: those that have succeeded, and those that ended otherwise so long ago and were not tried again. The
    longest ended first."""
    cursor = await connection.execute(
        """
        select user_id, id from jobs
        where sound_stored_at is not null and (status = 'succeeded' or (
          status in ('failed', 'canceled') and finished_at < clock_timestamp() - make_interval(secs => %s)))
        order by finished_at limit %s
        """,
        (older_than_seconds, limit),
    )
    return await cursor.fetchall()


# What Dagster knows of edits


async def record_reported_version(connection: Connection, job_id: UUID, version: int) -> None:
    """Dagster shows this version of the script in the job's partition, or will in a moment."""
    await connection.execute("update jobs set reported_version = %s where id = %s", (version, job_id))


async def raise_reported_version(connection: Connection, job_id: UUID, version: int) -> None:
    """Dagster has heard of this version of the script. What it has heard of since is not forgotten, and what a run
    materialises meanwhile is the run's to record."""
    await connection.execute(
        "update jobs set reported_version = %(version)s"
        " where id = %(job)s and reported_version < %(version)s and status not in ('queued', 'running')",
        {"job": job_id, "version": version},
    )


async def find_later_edit(connection: Connection, job_id: UUID, version: int) -> UnreportedEdit | None:
    """The present version of a job's script, if it is a later one."""
    cursor = connection.cursor(row_factory=class_row(UnreportedEdit))
    await cursor.execute(
        """
        select jobs.id as job_id, scripts.id as script_id, scripts.version, scripts.normalized_script as content
        from jobs join scripts on scripts.id = jobs.script_id
        where jobs.id = %s and scripts.version > %s
        """,
        (job_id, version),
    )
    return await cursor.fetchone()


async def list_unreported(
    connection: Connection, limit: int, script_id: UUID | None = None
) -> Sequence[UnreportedEdit]:
    """Partitions that show an older version of their script than there is: of a script its import's and that of its
    newest film, each once its job has ended. Of one script or, oldest job first, of all."""
    cursor = connection.cursor(row_factory=class_row(UnreportedEdit))
    await cursor.execute(
        """
        select jobs.id as job_id, scripts.id as script_id, scripts.version, scripts.normalized_script as content
        from jobs join scripts on scripts.id = jobs.script_id
        where jobs.reported_version is not null and jobs.reported_version <> scripts.version
          and jobs.status not in ('queued', 'running')
          and (%(script)s::uuid is null or scripts.id = %(script)s)
          and (jobs.type = 'import' or not exists (
            select from jobs newer
            where newer.script_id = jobs.script_id and newer.type = jobs.type and newer.created_at > jobs.created_at
          ))
        order by jobs.created_at limit %(limit)s
        """,
        {"script": script_id, "limit": limit},
    )
    return await cursor.fetchall()


# The outbox


async def claim_launch(connection: Connection, job_id: UUID) -> Job | None:
    """Claim the launch of a queued job: atomic, so of two launchers one gets the job and the other None."""
    cursor = connection.cursor(row_factory=class_row(Job))
    await cursor.execute(
        """
        update jobs set launch_claimed_at = clock_timestamp(), launch_number = launch_number + 1
        where id = %s and status = 'queued' and dagster_run_id is null and cancel_requested_at is null
          and (launch_claimed_at is null or launch_claimed_at < clock_timestamp() - make_interval(secs => %s))
        returning *
        """,
        (job_id, CLAIM_SECONDS),
    )
    return await cursor.fetchone()


async def release_launch(connection: Connection, job_id: UUID, launch_number: int) -> None:
    """Give a claim back when it is certain that nothing was launched."""
    await connection.execute(
        "update jobs set launch_claimed_at = null where id = %s and launch_number = %s and dagster_run_id is null",
        (job_id, launch_number),
    )


async def record_run(connection: Connection, job_id: UUID, launch_number: int, run_id: str) -> None:
    await connection.execute(
        "update jobs set dagster_run_id = %s where id = %s and launch_number = %s and dagster_run_id is null",
        (run_id, job_id, launch_number),
    )


async def list_launchable(connection: Connection, limit: int) -> Sequence[UUID]:
    """Queued jobs that nobody is launching at this moment, oldest first."""
    cursor = await connection.execute(
        """
        select id from jobs
        where status = 'queued' and dagster_run_id is null and cancel_requested_at is null and type = any(%s)
          and (launch_claimed_at is null or launch_claimed_at < clock_timestamp() - make_interval(secs => %s))
        order by created_at limit %s
        """,
        ([*LAUNCHED_TYPES], CLAIM_SECONDS, limit),
    )
    return [row[0] for row in await cursor.fetchall()]


async def list_launched(connection: Connection, limit: int) -> Sequence[UUID]:
    """Jobs that a run is said to be working on."""
    cursor = await connection.execute(
        """
        select id from jobs where status in ('queued', 'running') and dagster_run_id is not null
        order by created_at limit %s
        """,
        (limit,),
    )
    return [row[0] for row in await cursor.fetchall()]


# The life of a job


async def begin_job(connection: Connection, job_id: UUID, run_id: str, launch_number: int | None) -> Job | None:
    """Mark the job as running in ``run_id``; every stage of a run says so, and saying it twice is harmless.

    None when the run must not go on: the job was canceled, a later launch has taken this one's place, or another stage
    of this very run has ended it, which leaves stages beside that one free to start. A run that an operator started by
    hand carries no launch number and is no launch's past.
    """
    cursor = connection.cursor(row_factory=class_row(Job))
    await cursor.execute(
        """
        update jobs set status = 'running', dagster_run_id = %(run)s, error_code = null, error_message = null,
          started_at = coalesce(started_at, clock_timestamp()), finished_at = null
        where id = %(job)s and cancel_requested_at is null and status <> 'canceled'
          and (%(launch)s::integer is null or launch_number = %(launch)s)
          and (dagster_run_id is distinct from %(run)s or status not in ('failed', 'succeeded'))
        returning *
        """,
        {"job": job_id, "run": run_id, "launch": launch_number},
    )
    return await cursor.fetchone()


async def set_progress(connection: Connection, job_id: UUID, progress: int) -> None:
    await connection.execute(
        "update jobs set progress = %s where id = %s and status = 'running' and progress <> %s",
        (progress, job_id, progress),
    )


async def succeed_job(connection: Connection, job_id: UUID, run_id: str | None) -> bool:
    """End the job well, if ``run_id`` is the run that works on it. A request to cancel it has come too late."""
    cursor = await connection.execute(
        """
        update jobs set status = 'succeeded', progress = 100, finished_at = clock_timestamp(),
          cancel_requested_at = null, succeeded_at = coalesce(succeeded_at, clock_timestamp())
        where id = %s and status = 'running' and dagster_run_id is not distinct from %s
        """,
        (job_id, run_id),
    )
    return cursor.rowcount == 1


async def save_result(
    connection: Connection, job_id: UUID, *, s3_key: str, preview_url: str, result: JobResult
) -> None:
    await connection.execute(
        "update jobs set result_s3_key = %s, result_cf_url = %s, result = %s where id = %s",
        (s3_key, preview_url, Jsonb(result.model_dump(mode="json")), job_id),
    )


async def fail_job(connection: Connection, job_id: UUID, code: ErrorCode, message: str, *, run_id: str | None) -> bool:
    """Fail an unfinished job, if ``run_id`` is the run that works on it. One that had succeeded has succeeded
    still: what it made stands, and the error is that of the change."""
    cursor = await connection.execute(
        """
        update jobs set error_code = %(code)s, error_message = %(message)s,
          status = case when succeeded_at is null then 'failed' else 'succeeded' end,
          progress = case when succeeded_at is null then progress else 100 end,
          finished_at = clock_timestamp(), cancel_requested_at = null
        where id = %(job)s and status in ('queued', 'running') and dagster_run_id is not distinct from %(run)s
        """,
        {"job": job_id, "code": code, "message": message, "run": run_id},
    )
    return cursor.rowcount == 1


async def requeue_job(connection: Connection, job_id: UUID, run_id: str | None) -> bool:
    """Put a job whose run is dead back into the outbox."""
    cursor = await connection.execute(
        """
        update jobs set status = 'queued', dagster_run_id = null, launch_claimed_at = null
        where id = %s and status in ('queued', 'running') and dagster_run_id is not distinct from %s
        """,
        (job_id, run_id),
    )
    return cursor.rowcount == 1


async def request_cancel(connection: Connection, job_id: UUID) -> Job | None:
    """Ask for an unfinished job to stop. The pipeline carries it out; what is finished is kept."""
    cursor = connection.cursor(row_factory=class_row(Job))
    await cursor.execute(
        """
        update jobs set cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp())
        where id = %s and status in ('queued', 'running') returning *
        """,
        (job_id,),
    )
    return await cursor.fetchone()


async def retry_job(connection: Connection, job_id: UUID) -> Job | None:
    """Put a failed or canceled job of the connection's user back into the outbox, its unfinished scenes with it; so
    too a film of which a change has failed."""
    cursor = connection.cursor(row_factory=class_row(Job))
    await cursor.execute("select * from retry_job(%s)", (job_id,))
    return await cursor.fetchone()


async def retake_scene(
    connection: Connection, job_id: UUID, index: int, prompt: ShotPrompt, provider: str | None, model: str | None
) -> Job | None:
    """Put an ended film of the connection's user back into the outbox, to film one scene by ``prompt``. None when it
    has not ended, or has no such scene."""
    cursor = connection.cursor(row_factory=class_row(Job))
    await cursor.execute(
        "select * from retake_scene(%s, %s, %s, %s, %s)",
        (job_id, index, Jsonb(prompt.model_dump(mode="json")), provider, model),
    )
    return await cursor.fetchone()


async def choose_take(connection: Connection, job_id: UUID, index: int, take: int) -> Job | None:
    """Put an ended film back into the outbox, to show an older take of a scene. None when there is no such take."""
    cursor = connection.cursor(row_factory=class_row(Job))
    await cursor.execute("select * from choose_take(%s, %s, %s)", (job_id, index, take))
    return await cursor.fetchone()


async def speak_again(connection: Connection, job_id: UUID, index: int) -> Job | None:
    """Put an ended film of the connection's user back into the outbox, to have a scene spoken again. None when it has
    not ended, or nothing is said in the scene."""
    cursor = connection.cursor(row_factory=class_row(Job))
    await cursor.execute("select * from speak_again(%s, %s)", (job_id, index))
    return await cursor.fetchone()


async def change_finish(connection: Connection, job_id: UUID, finish: Finish) -> Job | None:
    """Put an ended film of the connection's user back into the outbox, to be finished another way. None when it has not
    ended, or a scene of it is not filmed."""
    cursor = connection.cursor(row_factory=class_row(Job))
    await cursor.execute("select * from change_finish(%s, %s)", (job_id, Jsonb(finish.model_dump(mode="json"))))
    return await cursor.fetchone()


async def cancel_job(connection: Connection, job_id: UUID) -> bool:
    cursor = await connection.execute(
        """
        update jobs set status = 'canceled', finished_at = clock_timestamp()
        where id = %s and status in ('queued', 'running') and cancel_requested_at is not null
        """,
        (job_id,),
    )
    return cursor.rowcount == 1


async def is_cancel_requested(connection: Connection, job_id: UUID) -> bool:
    cursor = await connection.execute("select cancel_requested_at is not null from jobs where id = %s", (job_id,))
    row = await cursor.fetchone()
    return bool(row and row[0])


async def list_cancelable(connection: Connection, limit: int) -> Sequence[UUID]:
    """Jobs that were asked to stop before they began."""
    cursor = await connection.execute(
        "select id from jobs where cancel_requested_at is not null and status = 'queued' order by created_at limit %s",
        (limit,),
    )
    return [row[0] for row in await cursor.fetchall()]


# Who works on a job: a session advisory lock that dies with its worker

LOCK_SPACE = 0x7265
"""First half of the lock's key, so that no other use of advisory locks meets it."""


async def try_lock_job(connection: Connection, job_id: UUID) -> bool:
    """Take the job for this connection's life. Needs a direct or session-mode connection, not a transaction pooler."""
    cursor = await connection.execute("select pg_try_advisory_lock(%s, hashtext(%s))", (LOCK_SPACE, str(job_id)))
    row = await cursor.fetchone()
    return bool(row and row[0])


async def is_job_locked(connection: Connection, job_id: UUID) -> bool:
    cursor = await connection.execute(
        sql.SQL("select {} in ({})").format(lock_of(sql.Placeholder()), held(LOCK_SPACE)), (str(job_id),)
    )
    row = await cursor.fetchone()
    return bool(row and row[0])
