"""What a job has brought forth: the film, and its stages in Dagster."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from fastapi import APIRouter

from api.dependencies import OwnJob, ServicesOf
from api.openapi import problems
from api.services import Services
from api.views.finish import FinishView
from api.views.jobs import CaptionsView, ResultView, ThumbnailView
from api.views.stages import MaterializationList, MaterializationView
from domain.errors import ErrorCode, RecastError
from domain.stages import STAGES_OF, JobType, Stage
from domain.writing_direction import direction_of_language
from resources.database.records import CaptionFiles

router = APIRouter(prefix="/jobs/{job_id}", tags=["jobs"])

FACTS = {
    "duration_seconds",
    "scenes",
    "placeholders",
    "width",
    "height",
    "size_bytes",
    "sha256",
    "delivery",
}
"""Of a film, as they are kept."""


@router.get("/result", responses=problems(ErrorCode.NOT_FOUND, ErrorCode.NOT_READY), summary="Get the film")
async def get_job_result(job: OwnJob, services: ServicesOf) -> ResultView:
    """Fresh links to the finished film, and facts about it. Only a generation that has succeeded has one; while it is
    being changed, this is the film as it was."""
    if job.type is not JobType.GENERATION:
        raise RecastError(ErrorCode.NOT_READY, f"This is an {job.type} job; only a generation makes a film.")
    if job.succeeded_at is None or not job.result or not job.result_s3_key:
        raise RecastError(ErrorCode.NOT_READY, f"The film is not done: the job is {job.status}.")
    now = datetime.now(UTC).replace(microsecond=0)
    seconds = services.settings.signed_url_seconds
    video, preview = timedelta(seconds=seconds), timedelta(seconds=services.settings.preview_seconds)
    return ResultView(
        job_id=job.id,
        video_url=services.storage.signed_url(
            job.result_s3_key,
            seconds,
            version=job.result.s3_version,
            download_name=f"recast-{job.id}.mp4",
        ),
        preview_url=services.previews.signed_url(job.result_s3_key, preview),
        expires_at=now + video,
        preview_expires_at=now + preview,
        captions=_captions(services, job.id, job.result.captions) if job.result.captions else None,
        **job.result.model_dump(include=FACTS),
        finish=FinishView.of(job.result.finish),
        poster_url=services.storage.signed_url(job.result.poster_key, seconds, version=job.result.poster_version)
        if job.result.poster_key
        else None,
        thumbnails=[
            ThumbnailView(scene=one.scene, url=services.storage.signed_url(one.s3_key, seconds))
            for one in job.result.thumbnails
        ],
    )


def _captions(services: Services, job_id: UUID, files: CaptionFiles) -> CaptionsView:
    """The ones for players come from where the film does, the others as a download."""
    settings = services.settings
    return CaptionsView(
        language=files.language,
        direction=direction_of_language(files.language),
        vtt_url=services.previews.signed_url(files.vtt_key, timedelta(seconds=settings.preview_seconds)),
        srt_url=services.storage.signed_url(
            files.srt_key, settings.signed_url_seconds, download_name=f"recast-{job_id}.srt"
        ),
    )


@router.get(
    "/stages", responses=problems(ErrorCode.NOT_FOUND, ErrorCode.PIPELINE_UNAVAILABLE), summary="See a job in Dagster"
)
async def get_job_stages(job: OwnJob, services: ServicesOf) -> MaterializationList:
    """Whether each stage is materialised in this job's partition, with links for operators.

    A film shows its transcript as well: it is inherited from the import.
    """
    inherited = (Stage.TRANSCRIPT,) if job.type is JobType.GENERATION else ()
    found = await services.dagster.stages(job.id, (*inherited, *STAGES_OF[job.type]))
    address = services.settings.dagster_public_url or services.settings.dagster_url
    return MaterializationList(job_id=job.id, stages=[MaterializationView.of(job.id, one, address) for one in found])
