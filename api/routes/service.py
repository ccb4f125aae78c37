"""Facts about this server, open to anybody."""

from fastapi import APIRouter, Response

from api.body_limit import MAX_BODY_BYTES
from api.dependencies import ServicesOf
from api.version import VERSION
from api.views.jobs import DEFAULTS, MAX_SCENES
from api.views.service import Alive, ConfigView, ConsentTextView, LimitsView, Readiness
from domain.characters import CONSENT_TEXT_VERSION, CONSENT_TEXTS, MAX_PICTURES
from domain.profile import Aspect
from domain.proposal import MAX_CAST
from domain.transcript_files.bounds import MAX_FILE_BYTES
from resources.pictures import MAX_PICTURE_BYTES, MAX_PICTURES_BYTES

probes = APIRouter(tags=["service"])
router = APIRouter(tags=["service"])


@probes.head("/healthz", include_in_schema=False)
@probes.get("/healthz", summary="Is the process up?")
async def get_health() -> Alive:
    """Answers as long as the process does; it asks nobody else."""
    return Alive(version=VERSION)


@probes.head("/readyz", include_in_schema=False)
@probes.get("/readyz", summary="Does everything answer?", responses={503: {"model": Readiness}})
async def get_readiness(services: ServicesOf, response: Response) -> Readiness:
    """Asks PostgreSQL, S3 and Dagster; 503 when one of them does not answer."""
    found = await services.readiness.ask()
    failed = "failed" in found.values()
    response.status_code = 503 if failed else 200
    return Readiness(status="failed" if failed else "ok", checks=found)


@router.get("/config", summary="What a client needs to know")
async def get_config(services: ServicesOf) -> ConfigView:
    """Public facts: where to sign in, what can be ordered."""
    return ConfigView(
        version=VERSION,
        auth_url=services.settings.auth_url,
        aspects=list(Aspect),
        default_style=DEFAULTS.style,
        limits=LimitsView(
            max_video_seconds=services.settings.max_video_seconds,
            max_cast=MAX_CAST,
            max_scenes=MAX_SCENES,
            max_body_bytes=MAX_BODY_BYTES,
            max_pictures=MAX_PICTURES,
            max_picture_bytes=MAX_PICTURE_BYTES,
            max_pictures_bytes=MAX_PICTURES_BYTES,
            max_transcript_bytes=MAX_FILE_BYTES,
            max_upload_bytes=services.settings.max_upload_bytes,
        ),
        consent=ConsentTextView(version=CONSENT_TEXT_VERSION, text=CONSENT_TEXTS[CONSENT_TEXT_VERSION]),
    )
