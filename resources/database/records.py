"""What rows look like outside SQL: one frozen model per table that is read whole."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from domain.attempts import AttemptState, Kind
from domain.characters import CastMember, CharacterMode, CharacterStatus, Consent, Voice
from domain.finish import Finish
from domain.profile import Aspect, Profile
from domain.reading import Reading
from domain.scenes import Scene
from domain.script import Script
from domain.shots import ShotPrompt
from domain.source import Source
from domain.speech import PlacedLine
from domain.stages import JobType, Stage
from domain.states import JobStatus, SceneStatus
from domain.training import Likeness
from domain.voices import SpokenBy


class Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class JobOptions(Record):
    """What the user asked for. ``max_scenes`` films only the first scenes; 0 films all. ``target_seconds`` shortens the
    script to the lines that carry a film of about that length; 0 keeps them all. ``narration`` is who speaks the lines.
    ``reading`` is that of an import; ``finish`` may change once the film is done."""

    aspect: Aspect = Aspect.WIDE
    style: str = Field(default="warm flat illustration", min_length=1, max_length=200)
    provider: str = Field(default="local", max_length=50)
    model: str | None = Field(default=None, max_length=200)
    seed: int = Field(default=0, ge=0, le=2**31 - 1)
    max_scenes: int = Field(default=0, ge=0, le=1000)
    target_seconds: int = Field(default=0, ge=0, le=3600)
    deliver_partial: bool = False
    narration: SpokenBy = SpokenBy.AUTO
    reading: Reading = Reading()
    finish: Finish = Finish()

    @property
    def profile(self) -> Profile:
        return Profile.of(self.aspect)


class CaptionFiles(Record):
    """The captions beside a film; ``language`` is a tag, ``und`` where nobody has told it."""

    language: str
    srt_key: str
    vtt_key: str


class Thumbnail(Record):
    """Of the scene of that number."""

    scene: int
    s3_key: str


class JobResult(Record):
    """Facts of the finished film. ``s3_version`` pins the object in the versioned bucket. ``delivery`` counts from 1: a
    film that is finished another way is delivered again. ``finish`` is what this one was made by."""

    duration_seconds: float
    scenes: int
    width: int
    height: int
    size_bytes: int
    sha256: str
    s3_version: str | None = None
    placeholders: tuple[int, ...] = ()
    """Scenes for which a draft stands in."""
    captions: CaptionFiles | None = None
    """None for a film in which nothing is said."""
    delivery: int = 1
    finish: Finish = Finish()
    poster_key: str | None = None
    poster_version: str | None = None
    thumbnails: tuple[Thumbnail, ...] = ()


class RestoredPassage(Record):
    """What a language model wrote of a passage of a transcript, or why that is not used. The key is the question's."""

    passage_key: str
    answer: str | None = None
    objection: str | None = None


class ChosenLines(Record):
    """The imported lines, by id, that ``model`` has kept for a film."""

    line_ids: tuple[int, ...]
    model: str


class Job(Record):
    """``first_stage`` is the one with which its next launch begins; None is its first."""

    id: UUID
    user_id: UUID
    project_id: UUID
    script_id: UUID
    script_version: int | None
    parent_job_id: UUID | None
    type: JobType
    status: JobStatus
    progress: int
    options: JobOptions
    error_code: str | None
    error_message: str | None
    result_s3_key: str | None
    result_cf_url: str | None
    result: JobResult | None
    idempotency_key: str | None
    request_hash: str | None
    reserved_usd: Decimal
    spent_usd: Decimal
    launch_number: int
    launches_before_retry: int
    launch_claimed_at: datetime | None
    dagster_run_id: str | None
    reported_version: int | None
    first_stage: Stage | None
    cancel_requested_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    succeeded_at: datetime | None
    created_at: datetime
    updated_at: datetime


class SceneLikeness(Record):
    """How a clip keeps its characters recognisable, and why so."""

    how: Likeness
    why: str


class JobScene(Record):
    """``likeness`` is that of the clip that it shows; ``line_ids`` are the lines of the script in it, which its
    ``scene`` keeps without their ids. ``speech`` is what is said in it, and ``film_seconds`` how long it has to be for
    that; None until it is narrated; ``reading`` is how often its user has had it spoken again."""

    id: UUID
    job_id: UUID
    user_id: UUID
    scene_index: int
    status: SceneStatus
    progress: int
    scene: Scene
    line_ids: tuple[int, ...] = ()
    speech: tuple[PlacedLine, ...] | None = None
    film_seconds: float | None = None
    reading: int = 0
    prompt: ShotPrompt | None
    provider: str | None
    model: str | None
    is_placeholder: bool
    clip_key: str | None
    s3_key: str | None
    likeness: SceneLikeness | None = None
    error_code: str | None
    error_message: str | None
    started_at: datetime | None
    finished_at: datetime | None


class JobEvent(Record):
    id: int
    job_id: UUID
    kind: str
    stage: str | None
    scene_index: int | None
    message: str
    data: dict[str, Any]
    created_at: datetime


class UploadKind(StrEnum):
    TRANSCRIPT = "transcript"
    RECORDING = "recording"
    MUSIC = "music"


class UploadState(StrEnum):
    PENDING = "pending"
    COMPLETE = "complete"
    DISCARDED = "discarded"


class RecordingFacts(Record):
    """What a sound or video file holds: its first audio stream, as the container tells."""

    container: str
    duration_seconds: float
    audio_codec: str
    sample_rate: int
    channels: int
    has_video: bool


class Upload(Record):
    """A file of a user's at ``s3_key``. ``facts`` are of a recording; ``s3_version`` is the one that was looked at."""

    id: UUID
    user_id: UUID
    kind: UploadKind
    state: UploadState
    filename: str
    content_type: str
    size_bytes: int
    sha256: str | None
    s3_key: str
    s3_version: str | None
    facts: RecordingFacts | None
    created_at: datetime
    completed_at: datetime | None
    swept_at: datetime | None


class ScriptRow(Record):
    """Of a YouTube video (``youtube_url``, ``video_id``) or of an upload (``upload_id``), as ``source`` says."""

    id: UUID
    user_id: UUID
    project_id: UUID
    youtube_url: str | None
    video_id: str | None
    upload_id: UUID | None
    source: Source
    normalized_script: Script | None
    language: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class ScriptVersion(Record):
    """One version of a script, without its lines. ``edits`` made it of the version before, as their user sent them; or
    it is ``restored_version`` once more; or neither, if it was imported."""

    version: int
    edits: list[dict[str, Any]] | None
    restored_version: int | None
    lines: int
    created_at: datetime


class UnreportedEdit(Record):
    """The present version of a script, of which the partition of ``job_id`` does not know yet. ``content`` is not read
    here: one script that cannot be read must not hide the others."""

    job_id: UUID
    script_id: UUID
    version: int
    content: dict[str, Any]


class CharacterPicture(Record):
    s3_key: str
    sha256: str
    width: int
    height: int
    size_bytes: int


class Character(Record):
    """``pictures`` are a user's own, in order; a pre-made character has its drawn portrait at ``image_url`` alone.

    ``training_key`` names the training that made the model at ``model_ref``; ``request_hash`` is that of the request
    which made the character, where it carried an idempotency key.
    """

    id: UUID
    user_id: UUID | None
    name: str
    description: str
    style: str
    image_url: str | None
    model_ref: str | None
    voice: Voice | None
    is_premade: bool
    status: CharacterStatus
    mode: CharacterMode
    consent: Consent | None
    pictures: tuple[CharacterPicture, ...]
    trainer: str | None
    training_key: str | None
    training_progress: int
    model_version: str | None
    trained_at: datetime | None
    error_code: str | None
    error_message: str | None
    request_hash: str | None
    created_at: datetime
    updated_at: datetime

    def as_member(self) -> CastMember:
        return CastMember(
            character_id=self.id,
            name=self.name,
            style=self.style,
            portrait_key=self.image_url,
            pictures=tuple(picture.s3_key for picture in self.pictures),
            model_ref=self.model_ref,
            model_version=self.model_version,
            voice=self.voice,
        )


class CastCharacter(Character):
    """A character of a script's cast, with the speakers of the script whom it plays by its user's choice."""

    speakers: tuple[str, ...] = ()

    def as_member(self) -> CastMember:
        return super().as_member().model_copy(update={"speakers": self.speakers})


class TrainedModel(Record):
    """What a provider makes pictures of a character with: ``model_ref`` is ``owner/name``, ``model_version`` one of
    its versions."""

    model_ref: str
    model_version: str


class Deletion(Record):
    """A likeness that has to go, or has gone: the objects of its character, and its trained models if it has any.
    ``former_models`` are ``owner/name:version``."""

    id: UUID
    user_id: UUID
    character_id: UUID
    trainer: str | None
    training_key: str | None
    model_ref: str | None
    model_version: str | None
    former_models: tuple[str, ...]
    attempts: int
    due_at: datetime
    objects_deleted_at: datetime | None
    model_deleted_at: datetime | None
    finished_at: datetime | None
    error_code: str | None
    created_at: datetime

    @property
    def models(self) -> tuple[TrainedModel, ...]:
        """All that were ever trained on it."""
        named = [tuple(one.rsplit(":", 1)) for one in self.former_models]
        if self.model_ref and self.model_version:
            named.append((self.model_ref, self.model_version))
        return tuple(TrainedModel(model_ref=ref, model_version=version) for ref, version in named)


class Clip(Record):
    """An accepted clip, or a keyframe, that its user owns: any job of theirs may show it again."""

    clip_key: str
    s3_key: str
    metadata: dict[str, Any]


class Attempt(Record):
    """One paid call. ``request`` is the order itself; ``age_seconds`` is by the database's clock."""

    id: UUID
    user_id: UUID
    job_id: UUID
    scene_id: UUID | None
    kind: Kind
    purchase_key: str
    provider: str
    model: str
    model_version: str
    state: AttemptState
    request: dict[str, Any]
    provider_request_id: str | None
    response_id: str | None
    estimated_cost_usd: Decimal
    cost_usd: Decimal | None
    is_billed: bool | None
    error_code: str | None
    error_message: str | None
    reason: str | None
    age_seconds: float
    submitted_seconds: float | None
    created_at: datetime
    submitted_at: datetime | None
    finished_at: datetime | None


class Budget(Record):
    """US dollars in one calendar month (UTC). ``reserved_usd`` is set aside for jobs under way."""

    user_id: UUID
    limit_usd: Decimal
    ceiling_usd: Decimal
    reserved_usd: Decimal
    spent_usd: Decimal
    month: date

    @property
    def left_usd(self) -> Decimal:
        return max(Decimal(0), self.limit_usd - self.spent_usd - self.reserved_usd)


class SceneTake(Record):
    """A version of a scene that was filmed once and can be shown again at no cost."""

    scene_id: UUID
    number: int
    clip_key: str
    s3_key: str
    prompt: ShotPrompt
    created_at: datetime
