"""Importing: from a pasted link to a project, an empty script and the job that fills it."""

from uuid import UUID

import psycopg

from domain.captions import AS_USUAL
from domain.links import parse_youtube_link, watch_url
from domain.reading import Reading
from domain.stages import JobType
from resources.database import jobs, scripts
from resources.database.connection import Connection
from resources.database.records import Job, JobOptions
from studio.idempotency import RequestIdentity, find_earlier


async def import_video(
    connection: Connection,
    user_id: UUID,
    youtube_url: str,
    identity: RequestIdentity | None = None,
    *,
    reading: Reading = AS_USUAL,
) -> Job:
    """The queued import job, or the one that the same request made before.

    Raises INVALID_LINK and IDEMPOTENCY_MISMATCH. The link as typed is dropped: only the address of its video is kept.
    """
    video_id = parse_youtube_link(youtube_url)
    if earlier := await find_earlier(connection, user_id, identity):
        return earlier
    job = await _insert(connection, user_id, video_id, identity, reading)
    # None: the same key was used at the same moment, and that request was first.
    job = job or await find_earlier(connection, user_id, identity)
    assert job
    return job


async def _insert(
    connection: Connection, user_id: UUID, video_id: str, identity: RequestIdentity | None, reading: Reading
) -> Job | None:
    async with connection.transaction():
        project_id = await scripts.insert_project(connection, user_id, f"YouTube video {video_id}")
        script = await scripts.insert_script(connection, user_id, project_id, watch_url(video_id), video_id)
        job = await jobs.insert_job(
            connection,
            user_id=user_id,
            project_id=project_id,
            script_id=script.id,
            job_type=JobType.IMPORT,
            options=JobOptions(reading=reading),
            idempotency_key=identity.key if identity else None,
            request_hash=identity.request_hash if identity else None,
        )
        if job is None:
            raise psycopg.Rollback
    return job
