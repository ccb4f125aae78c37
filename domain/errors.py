"""One taxonomy of failure: the same code stands in tables, problems, the page and the logs."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.redaction import redacted


class ErrorCode(StrEnum):
    # the source
    INVALID_LINK = "INVALID_LINK"
    VIDEO_UNAVAILABLE = "VIDEO_UNAVAILABLE"
    VIDEO_RESTRICTED = "VIDEO_RESTRICTED"
    TRANSLATION_MISSING = "TRANSLATION_MISSING"
    VIDEO_TOO_LONG = "VIDEO_TOO_LONG"
    TRANSCRIPT_MISSING = "TRANSCRIPT_MISSING"
    TRANSCRIPT_BLOCKED = "TRANSCRIPT_BLOCKED"
    SOURCE_UNREACHABLE = "SOURCE_UNREACHABLE"
    EMPTY_SCRIPT = "EMPTY_SCRIPT"
    TRANSCRIPT_INVALID = "TRANSCRIPT_INVALID"
    MEDIA_REJECTED = "MEDIA_REJECTED"
    NO_SOUND = "NO_SOUND"
    UPLOAD_INCOMPLETE = "UPLOAD_INCOMPLETE"
    TRANSCRIPTION_NOT_CONFIGURED = "TRANSCRIPTION_NOT_CONFIGURED"
    # the cast
    UNKNOWN_CHARACTER = "UNKNOWN_CHARACTER"
    CHARACTER_NOT_READY = "CHARACTER_NOT_READY"
    EMPTY_CAST = "EMPTY_CAST"
    PICTURE_REJECTED = "PICTURE_REJECTED"
    # filming and finishing
    AI_PROVIDER_FAILURE = "AI_PROVIDER_FAILURE"
    SCENE_TIMEOUT = "SCENE_TIMEOUT"
    SCENES_FAILED = "SCENES_FAILED"
    CLIP_REJECTED = "CLIP_REJECTED"
    CLIP_LOST = "CLIP_LOST"
    CONTENT_REJECTED = "CONTENT_REJECTED"
    UNKNOWN_MODEL = "UNKNOWN_MODEL"
    PROVIDER_NOT_CONFIGURED = "PROVIDER_NOT_CONFIGURED"
    PROVIDER_QUOTA = "PROVIDER_QUOTA"
    PROVIDER_BUSY = "PROVIDER_BUSY"
    PROVIDER_INPUT_INVALID = "PROVIDER_INPUT_INVALID"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
    BUDGET_EXCEEDED = "BUDGET_EXCEEDED"
    STITCH_FAILED = "STITCH_FAILED"
    # publishing
    OAUTH_EXPIRED = "OAUTH_EXPIRED"
    UPLOAD_FAILED = "UPLOAD_FAILED"
    # running
    LAUNCH_FAILED = "LAUNCH_FAILED"
    RUN_LOST = "RUN_LOST"
    RUN_INCOMPLETE = "RUN_INCOMPLETE"
    JOB_CANCELED = "JOB_CANCELED"
    DATABASE_UNAVAILABLE = "DATABASE_UNAVAILABLE"
    STORAGE_UNAVAILABLE = "STORAGE_UNAVAILABLE"
    DISK_FULL = "DISK_FULL"
    INTERNAL = "INTERNAL"
    # the API
    API_UNREACHABLE = "API_UNREACHABLE"
    AUTH_UNAVAILABLE = "AUTH_UNAVAILABLE"
    PIPELINE_UNAVAILABLE = "PIPELINE_UNAVAILABLE"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    NOT_FOUND = "NOT_FOUND"
    INVALID_REQUEST = "INVALID_REQUEST"
    TOO_LARGE = "TOO_LARGE"
    NOT_READY = "NOT_READY"
    CONFLICT = "CONFLICT"
    STALE_VERSION = "STALE_VERSION"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"
    RATE_LIMITED = "RATE_LIMITED"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means to the person who reads it.

    ``sentence`` is shown when the raiser has nothing more precise to say; ``remedy`` is what the user can do next;
    ``retryable`` says whether the same request may succeed later without a change; ``http_status`` is the API's.
    """

    sentence: str
    remedy: str
    retryable: bool
    http_status: int


TAXONOMY: Mapping[ErrorCode, Meaning] = {
    ErrorCode.INVALID_LINK: Meaning(
        "This is not a link to a YouTube video.",
        "Paste the address of one video, for example https://www.youtube.com/watch?v=… or https://youtu.be/…",
        False,
        422,
    ),
    ErrorCode.VIDEO_UNAVAILABLE: Meaning(
        "YouTube says this video is private, removed or does not exist.",
        "Open the link in a private browser window; if it does not play there, choose another video.",
        False,
        422,
    ),
    ErrorCode.VIDEO_RESTRICTED: Meaning(
        "YouTube shows this video only to some viewers (age, region, members or not yet premiered).",
        "Choose a video that plays without signing in.",
        False,
        422,
    ),
    ErrorCode.TRANSLATION_MISSING: Meaning(
        "YouTube does not translate the captions of this video into that language.",
        "Import it without a translation, or into another language.",
        False,
        422,
    ),
    ErrorCode.VIDEO_TOO_LONG: Meaning(
        "The video is longer than this server accepts.",
        "Choose a shorter video.",
        False,
        422,
    ),
    ErrorCode.TRANSCRIPT_MISSING: Meaning(
        "The video has no captions.",
        "Choose a video with captions (a CC mark on YouTube), or send a transcript or a recording of your own.",
        False,
        422,
    ),
    ErrorCode.TRANSCRIPT_BLOCKED: Meaning(
        "YouTube refuses captions to this server's address.",
        "Send a transcript or a recording of your own, or try again later; an operator can set a proxy"
        " (RECAST_YOUTUBE_PROXY_URL) or Webshare's rotating ones (RECAST_WEBSHARE_USERNAME).",
        True,
        503,
    ),
    ErrorCode.SOURCE_UNREACHABLE: Meaning(
        "YouTube did not answer as expected.",
        "Try again in a few minutes.",
        True,
        503,
    ),
    ErrorCode.EMPTY_SCRIPT: Meaning(
        "The transcript has no spoken words.",
        "Choose a video, a recording or a transcript in which somebody speaks.",
        False,
        422,
    ),
    ErrorCode.TRANSCRIPT_INVALID: Meaning(
        "This is not a transcript that can be read.",
        "Send SRT, WebVTT, plain text or a JSON transcript, in UTF-8; mend the place that is named.",
        False,
        422,
    ),
    ErrorCode.MEDIA_REJECTED: Meaning(
        "This is not a recording, or no music, that can be used.",
        "Send a common sound or video file (MP4, MOV, WebM, MKV, MP3, M4A, WAV, FLAC, OGG): to be listened to, one in"
        " which somebody speaks; as music, one of at least three seconds.",
        False,
        422,
    ),
    ErrorCode.NO_SOUND: Meaning(
        "Nothing is to be heard in this recording.",
        "Send a recording with sound, or a transcript of it.",
        False,
        422,
    ),
    ErrorCode.UPLOAD_INCOMPLETE: Meaning(
        "The file is not there as it was announced.",
        "Send the whole file again to the address of the upload, then complete it again.",
        True,
        409,
    ),
    ErrorCode.TRANSCRIPTION_NOT_CONFIGURED: Meaning(
        "This server cannot listen to recordings: nothing that turns speech into text is set up.",
        "Send a transcript (SRT, WebVTT, text or JSON), or ask the operator to set up speech recognition.",
        False,
        422,
    ),
    ErrorCode.UNKNOWN_CHARACTER: Meaning(
        "There is no such character.",
        "List the characters with GET /api/v1/characters and use one of their ids.",
        False,
        422,
    ),
    ErrorCode.CHARACTER_NOT_READY: Meaning(
        "A character of the cast is still being prepared.",
        "Wait until the character is ready, then try again.",
        True,
        409,
    ),
    ErrorCode.EMPTY_CAST: Meaning(
        "Nobody is cast in this script yet.",
        "Choose at least one character with POST /api/v1/scripts/{script_id}/characters.",
        False,
        422,
    ),
    ErrorCode.PICTURE_REJECTED: Meaning(
        "A picture cannot be used.",
        "Send PNG, JPEG or WebP pictures of one frame, at least 300 pixels wide and high.",
        False,
        422,
    ),
    ErrorCode.AI_PROVIDER_FAILURE: Meaning(
        "The service that films or listens has failed.",
        "Try again: what is done is kept.",
        True,
        502,
    ),
    ErrorCode.SCENE_TIMEOUT: Meaning(
        "A scene was not filmed within its time.",
        "Try the scene again.",
        True,
        504,
    ),
    ErrorCode.SCENES_FAILED: Meaning(
        "Some scenes could not be filmed; the others are kept.",
        "Look at the failed scenes, then try the job again: only those are filmed.",
        True,
        502,
    ),
    ErrorCode.CLIP_REJECTED: Meaning(
        "A clip was filmed but did not pass its checks.",
        "Try the scene again.",
        True,
        502,
    ),
    ErrorCode.CLIP_LOST: Meaning(
        "The provider filmed the scene, but its clip was gone before it could be fetched.",
        "Try the scene again; it is filmed as a new take.",
        True,
        502,
    ),
    ErrorCode.CONTENT_REJECTED: Meaning(
        "The service that films or listens refuses this content.",
        "Change the text or the prompt of a scene, or choose another provider; of a recording, send a transcript.",
        False,
        422,
    ),
    ErrorCode.UNKNOWN_MODEL: Meaning(
        "There is no such provider or model.",
        "For films, see GET /api/v1/models; which model listens, the operator sets.",
        False,
        422,
    ),
    ErrorCode.PROVIDER_NOT_CONFIGURED: Meaning(
        "This provider is not set up on this server.",
        "Ask the operator to set it up; a film can be made by another provider.",
        False,
        422,
    ),
    ErrorCode.PROVIDER_QUOTA: Meaning(
        "The account at the provider has no credit left.",
        "The operator has to add credit; then try the job again: what is done is kept.",
        True,
        402,
    ),
    ErrorCode.PROVIDER_BUSY: Meaning(
        "The provider does not take more work at this moment.",
        "Try again in a few minutes; what is done is kept.",
        True,
        503,
    ),
    ErrorCode.PROVIDER_INPUT_INVALID: Meaning(
        "The provider does not accept what it was sent.",
        "For a film, choose another model or change the scene's prompt; of a recording, send a transcript.",
        False,
        422,
    ),
    ErrorCode.OUTCOME_UNKNOWN: Meaning(
        "The provider's answer was lost, so it is not known whether it is filming this scene.",
        "Nothing is bought twice: an operator looks the scene up at the provider and settles it.",
        False,
        502,
    ),
    ErrorCode.BUDGET_EXCEEDED: Meaning(
        "This would cost more than what is left of your budget.",
        "Raise your budget with PUT /api/v1/budget; or film fewer scenes, or with a cheaper model.",
        False,
        402,
    ),
    ErrorCode.STITCH_FAILED: Meaning(
        "The clips could not be joined into one video.",
        "Try the job again; the clips are kept.",
        True,
        500,
    ),
    ErrorCode.OAUTH_EXPIRED: Meaning(
        "The connection to your YouTube channel has expired.",
        "Connect your channel again.",
        False,
        409,
    ),
    ErrorCode.UPLOAD_FAILED: Meaning(
        "YouTube did not accept the upload.",
        "Try the upload again.",
        True,
        502,
    ),
    ErrorCode.LAUNCH_FAILED: Meaning(
        "The job could not be started.",
        "It starts by itself once the pipeline is back; nothing is lost.",
        True,
        503,
    ),
    ErrorCode.RUN_LOST: Meaning(
        "The worker of this job died again and again.",
        "Try the job again; what was finished is kept.",
        True,
        500,
    ),
    ErrorCode.RUN_INCOMPLETE: Meaning(
        "A run ended before the last stage of this job.",
        "Try the job again: it goes on from the stages that are done.",
        True,
        500,
    ),
    ErrorCode.JOB_CANCELED: Meaning(
        "The job was canceled.",
        "Try the job again to go on; what was finished is kept.",
        False,
        409,
    ),
    ErrorCode.DATABASE_UNAVAILABLE: Meaning(
        "The database does not answer.",
        "Try again in a minute.",
        True,
        503,
    ),
    ErrorCode.STORAGE_UNAVAILABLE: Meaning(
        "The object storage does not answer.",
        "Try again in a minute.",
        True,
        503,
    ),
    ErrorCode.DISK_FULL: Meaning(
        "The disk of the worker is full.",
        "An operator has to free disk space; then try the job again.",
        True,
        507,
    ),
    ErrorCode.INTERNAL: Meaning(
        "Something went wrong on our side.",
        "Try again; if it happens again, tell the operator the request id.",
        True,
        500,
    ),
    ErrorCode.API_UNREACHABLE: Meaning(
        "Recast's API does not answer.",
        "Start the local stack with 'recast up', or set RECAST_API_URL to a running one.",
        True,
        503,
    ),
    ErrorCode.AUTH_UNAVAILABLE: Meaning(
        "The sign-in service does not answer.",
        "Try again in a minute.",
        True,
        503,
    ),
    ErrorCode.PIPELINE_UNAVAILABLE: Meaning(
        "Dagster, which runs the jobs, does not answer.",
        "Try again in a minute; jobs that are queued start by themselves.",
        True,
        503,
    ),
    ErrorCode.UNAUTHENTICATED: Meaning(
        "The request carries no valid access token.",
        "Sign in and send the token as 'Authorization: Bearer …'.",
        False,
        401,
    ),
    ErrorCode.NOT_FOUND: Meaning(
        "There is nothing here that you may see.",
        "Check the id; you see only what is yours.",
        False,
        404,
    ),
    ErrorCode.INVALID_REQUEST: Meaning(
        "The request does not have the expected form.",
        "See the errors and the documentation at /docs.",
        False,
        422,
    ),
    ErrorCode.TOO_LARGE: Meaning(
        "This is larger than is accepted.",
        "Send less at once, or choose a shorter video; GET /api/v1/config names the limits.",
        False,
        413,
    ),
    ErrorCode.NOT_READY: Meaning(
        "The result is not there yet.",
        "Wait until the job has succeeded.",
        True,
        409,
    ),
    ErrorCode.CONFLICT: Meaning(
        "The request does not fit the present state.",
        "Read the present state and try again.",
        False,
        409,
    ),
    ErrorCode.STALE_VERSION: Meaning(
        "The script has been edited since the version that this request names.",
        "Nothing was overwritten: read the script as it is now, and send the edit again for that version.",
        False,
        409,
    ),
    ErrorCode.IDEMPOTENCY_MISMATCH: Meaning(
        "This idempotency key was used before with another request.",
        "Send a new key with a new request, or the same request with the old key.",
        False,
        422,
    ),
    ErrorCode.RATE_LIMITED: Meaning(
        "Too many requests.",
        "Wait for the seconds in Retry-After.",
        True,
        429,
    ),
}


class RecastError(Exception):
    """A failure with a code of the taxonomy.

    ``detail`` is a sentence for users and never holds secrets or internals; ``cause`` is for operators and reaches only
    logs and run metadata, secrets taken out, with ``request_id``, the outside service's own id, where there is one.
    """

    def __init__(
        self,
        code: ErrorCode,
        detail: str | None = None,
        *,
        cause: str | None = None,
        request_id: str | None = None,
    ) -> None:
        self.code = code
        self.meaning = TAXONOMY[code]
        self.detail = detail or self.meaning.sentence
        self.cause = redacted(cause) if cause else None
        self.request_id = request_id
        super().__init__(f"{code}: {self.detail}" + (f" ({self.cause})" if self.cause else ""))


class StaleVersionError(RecastError):
    """An edit of a version that is not the present one."""

    def __init__(self, current_version: int) -> None:
        self.current_version = current_version
        super().__init__(ErrorCode.STALE_VERSION, f"The script is at version {current_version} by now.")
