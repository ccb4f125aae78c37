"""Ordering: from an imported and cast script to the job that films it."""

from uuid import UUID

from domain.errors import ErrorCode, RecastError
from domain.stages import JobType
from resources.database import jobs, scripts
from resources.database.connection import Connection
from resources.database.records import Job, JobOptions
from resources.video.cameras import Cameras
from resources.voices.engines import Voices
from studio.casting import require_castable
from studio.idempotency import RequestIdentity, find_earlier
from studio.quoting import quote_version, reserve
from studio.refinishing import require_music


async def order_film(
    connection: Connection,
    cameras: Cameras,
    user_id: UUID,
    script_id: UUID,
    options: JobOptions,
    identity: RequestIdentity | None = None,
    *,
    has_model: bool = False,
    voices: Voices | None = None,
) -> Job:
    """The queued generation job, pinned to the script's present version, or the one that the same request made before.

    The most that it may cost is set aside in the same transaction; ``has_model`` and ``voices`` as in `quote_film`.
    Raises NOT_FOUND, NOT_READY (the import is not done), EMPTY_CAST, CHARACTER_NOT_READY, UNKNOWN_MODEL,
    BUDGET_EXCEEDED and IDEMPOTENCY_MISMATCH.
    """
    if earlier := await find_earlier(connection, user_id, identity):
        return earlier
    script = await scripts.find_script(connection, script_id)
    if script is None:
        raise RecastError(ErrorCode.NOT_FOUND)
    if script.version == 0:
        raise RecastError(ErrorCode.NOT_READY, "The video of this script is not imported yet.")
    await require_music(connection, user_id, options.finish.music)
    require_castable(await scripts.list_cast(connection, script_id))
    if voices:
        # Whoever runs the server may choose another engine while the film is made: it is spoken as it was priced.
        options = options.model_copy(update={"narration": voices.chosen(options.narration)})
    # The price is of the version that is filmed, whatever is edited at this moment.
    price = await quote_version(connection, cameras, user_id, script, options, has_model=has_model, voices=voices)
    parent = await jobs.find_import_of(connection, script_id)
    job = await jobs.insert_job(
        connection,
        user_id=user_id,
        project_id=script.project_id,
        script_id=script_id,
        script_version=script.version,
        parent_job_id=parent.id if parent else None,
        job_type=JobType.GENERATION,
        options=options,
        idempotency_key=identity.key if identity else None,
        request_hash=identity.request_hash if identity else None,
    )
    if job is None:
        # The same key was used at the same moment, and that request was first.
        job = await find_earlier(connection, user_id, identity)
        assert job
        return job
    await reserve(connection, job.id, price.high_usd)
    return await jobs.find_job(connection, job.id) or job
