"""Importing: from a link, or a file of the user's own, to a project, an empty script and the job that fills it."""

from uuid import UUID

import psycopg

from domain.captions import AS_USUAL
from domain.links import parse_youtube_link, watch_url
from domain.reading import Reading
from domain.source import Source
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
    job = await insert_import(
        connection,
        user_id,
        title=f"YouTube video {video_id}",
        source=Source(),
        video_id=video_id,
        identity=identity,
        reading=reading,
    )
    # None: the same key was used at the same moment, and that request was first.
    job = job or await find_earlier(connection, user_id, identity)
    assert job
    return job


async def insert_import(
    connection: Connection,
    user_id: UUID,
    *,
    title: str,
    source: Source,
    video_id: str | None = None,
    upload_id: UUID | None = None,
    identity: RequestIdentity | None = None,
    reading: Reading = AS_USUAL,
) -> Job | None:
    """A project, an empty script of a video or of an upload, and the job that fills it; None, and nothing is written,
    when the user has used the key of ``identity`` already."""
    job = None
    async with connection.transaction():
        project_id = await scripts.insert_project(connection, user_id, title)
        script = await scripts.insert_script(
            connection,
            user_id,
            project_id,
            watch_url(video_id) if video_id else None,
            video_id,
            upload_id=upload_id,
            source=source,
        )
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
