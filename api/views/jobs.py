"""Jobs: what is ordered, how far it is, and what went wrong."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import ConfigDict, Field, field_validator

from api.views.examples import FILM, FILM_JOB, FINISH, LATER, MORNING, SCENE, THUMBNAIL, USER_SCRIPT, example
from api.views.failures import Failure
from api.views.finish import FinishForm, FinishView
from api.views.money import Money
from api.views.stages import StageView
from api.views.view import View
from domain.characters import CastMember
from domain.profile import Aspect
from domain.stages import JobType
from domain.states import JobStatus, SceneStatus
from domain.training import Likeness
from domain.voices import SpokenBy
from domain.writing_direction import Direction
from resources.database.records import Job, JobOptions, JobScene

DEFAULTS = JobOptions()
MAX_SCENES = 1000
MIN_TARGET_SECONDS, MAX_TARGET_SECONDS = 10, 3600
CANCEL_MEANING = (
    "Filming stops at the next safe point, within seconds. Finished clips are kept: trying the job again films only "
    "what is missing."
)


class FilmRequest(View):
    """What to film. Everything but the script has a default."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=example(
            {
                "script_id": USER_SCRIPT,
                "aspect": "16:9",
                "style": "warm flat illustration",
                "seed": 7,
                "target_seconds": 90,
            }
        ),
    )

    script_id: UUID
    aspect: Aspect = DEFAULTS.aspect
    style: str = Field(default=DEFAULTS.style, min_length=1, max_length=200, description="The look of the whole film.")
    seed: int = Field(default=DEFAULTS.seed, ge=0, le=2**31 - 1, description="Another seed, another take.")
    max_scenes: int = Field(
        default=DEFAULTS.max_scenes, ge=0, le=MAX_SCENES, description="Film only the first scenes; 0 films all."
    )
    target_seconds: int = Field(
        default=DEFAULTS.target_seconds,
        ge=0,
        le=MAX_TARGET_SECONDS,
        description="Film only the passages that carry a film of about so many seconds, 10 to 3600; 0 films all.",
    )
    provider: str = Field(
        default=DEFAULTS.provider, max_length=50, description="Who films; see `GET /models`. `local` is free."
    )
    model: str | None = Field(
        default=DEFAULTS.model, max_length=200, description="The provider's model; null is its first."
    )
    deliver_partial: bool = Field(
        default=DEFAULTS.deliver_partial,
        description="Deliver the film even if some scenes cannot be filmed: a card stands in for each, and the result"
        " says which.",
    )
    narration: SpokenBy = Field(
        default=DEFAULTS.narration,
        description="Who speaks the lines: `auto` is the server's own choice, `off` nobody; see `GET /voices`.",
    )
    finish: FinishForm = FinishForm()

    @field_validator("target_seconds")
    @classmethod
    def _is_worth_a_film(cls, seconds: int) -> int:
        if 0 < seconds < MIN_TARGET_SECONDS:
            raise ValueError(f"a film is not made shorter than {MIN_TARGET_SECONDS} seconds")
        return seconds

    def options_of(self, user_id: UUID) -> JobOptions:
        asked = JobOptions.model_validate(self.model_dump(exclude={"script_id", "finish"}))
        return asked.model_copy(update={"finish": self.finish.as_finish(user_id)})


class OptionsView(View):
    aspect: Aspect
    style: str
    provider: str
    model: str | None
    seed: int
    max_scenes: int
    target_seconds: int = Field(description="The length that the script is shortened to; 0 where it is not.")
    deliver_partial: bool
    narration: SpokenBy
    finish: FinishView = Field(description="As the film is to be finished; the result says how it is.")

    @classmethod
    def of(cls, options: JobOptions) -> Self:
        facts = options.model_dump(include=set(cls.model_fields) - {"finish"})
        return cls(**facts, finish=FinishView.of(options.finish))


class CostView(View):
    """US dollars."""

    model_config = ConfigDict(json_schema_extra=example({"reserved_usd": 1.6, "spent_usd": 2.4}))

    reserved_usd: Money = Field(description="Set aside for what is still to be filmed.")
    spent_usd: Money = Field(description="What the providers have been paid for this job so far.")


class JobView(View):
    model_config = ConfigDict(json_schema_extra=example(FILM))

    id: UUID
    type: JobType
    status: JobStatus
    progress: int = Field(ge=0, le=100, description="Percent; 100 only when the job has succeeded.")
    script_id: UUID
    project_id: UUID
    script_version: int | None = Field(description="The version of the script that is filmed; null for an import.")
    parent_job_id: UUID | None = Field(description="The import that the script came from.")
    options: OptionsView
    cost: CostView
    error: Failure | None = Field(
        description="What the job has failed with. Of a job that has succeeded, what the last change of it has failed"
        " with: the film stands as it was, and the change can be tried again."
    )
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested_at: datetime | None

    @classmethod
    def of(cls, job: Job) -> Self:
        return cls.model_validate(_facts(job))


class JobPage(View):
    model_config = ConfigDict(json_schema_extra=example({"jobs": [FILM], "next_cursor": None}))

    jobs: list[JobView]
    next_cursor: str | None = Field(description="Send it as `cursor` to see older jobs; null when there are none.")


class SceneCharacter(View):
    id: UUID
    name: str


class LikenessView(View):
    """How a clip keeps its characters recognisable."""

    how: Likeness = Field(
        description="`trained`: by a model trained on the one character; `references`: by pictures of the characters;"
        " `composed`: by one picture made of theirs; `words`: by words alone; `drawn`: by the renderer itself."
    )
    why: str


class SceneView(View):
    model_config = ConfigDict(json_schema_extra=example(SCENE))

    index: int = Field(ge=1)
    status: SceneStatus
    progress: int = Field(ge=0, le=100)
    title: str | None = Field(description="The chapter of the source that the scene belongs to.")
    text: str = Field(description="What is said in it.")
    line_ids: list[int] = Field(description="The lines of the script in it, whole or in part.")
    seconds: float = Field(description="How long it is in the film: as planned, until it is narrated.")
    error: Failure | None
    characters: list[SceneCharacter] = Field(description="Who is in it; empty until the scene is directed.")
    prompt: str | None = Field(description="What the model reads; null until the scene is directed.")
    directed_by: str | None = Field(description="`heuristics`, `user`, or the name of a language model.")
    is_placeholder: bool = Field(description="Whether a draft stands in for a clip that could not be filmed.")
    likeness: LikenessView | None = Field(description="How they are kept recognisable; null until the scene is filmed.")

    @classmethod
    def of(cls, row: JobScene, names: Mapping[UUID, str]) -> Self:
        shown = row.prompt.characters if row.prompt else ()
        return cls(
            index=row.scene_index,
            status=row.status,
            progress=row.progress,
            title=row.scene.title,
            text=row.scene.text,
            line_ids=list(row.line_ids),
            seconds=round(row.film_seconds or row.scene.duration, 3),
            error=Failure.of(row.error_code, row.error_message),
            characters=[SceneCharacter(id=one, name=names.get(one, "")) for one in shown],
            prompt=row.prompt.text if row.prompt else None,
            directed_by=row.prompt.directed_by if row.prompt else None,
            is_placeholder=row.is_placeholder,
            likeness=LikenessView.model_validate(row.likeness.model_dump()) if row.likeness else None,
        )


class JobDetail(JobView):
    model_config = ConfigDict(
        json_schema_extra=example(
            FILM
            | {
                "scenes": [SCENE],
                "stages": [
                    {"stage": "script", "status": "succeeded", "since": MORNING, "message": "script is done"},
                    {"stage": "scenes", "status": "succeeded", "since": MORNING, "message": "scenes is done"},
                    {"stage": "cast", "status": "succeeded", "since": MORNING, "message": "cast is done"},
                    {"stage": "narration", "status": "succeeded", "since": MORNING, "message": "narration is done"},
                    {"stage": "clips", "status": "running", "since": LATER, "message": "clips has started"},
                    {"stage": "final_mp4", "status": "waiting", "since": None, "message": None},
                ],
            }
        )
    )

    scenes: list[SceneView]
    stages: list[StageView]

    @classmethod
    def of_parts(
        cls, job: Job, scenes: Sequence[JobScene], cast: Sequence[CastMember], stages: Sequence[StageView]
    ) -> Self:
        names = {member.character_id: member.name for member in cast}
        return cls.model_validate(
            _facts(job) | {"scenes": [SceneView.of(row, names) for row in scenes], "stages": list(stages)}
        )


class CancelView(View):
    model_config = ConfigDict(
        json_schema_extra=example(
            {"job_id": FILM_JOB, "status": "running", "cancel_requested_at": LATER, "meaning": CANCEL_MEANING}
        )
    )

    job_id: UUID
    status: JobStatus = Field(description="As it is now; it becomes `canceled` within seconds.")
    cancel_requested_at: datetime | None
    meaning: str = CANCEL_MEANING


class CaptionsView(View):
    """What is said in the film, as files. They hold the same captions, at the same times."""

    language: str = Field(description="A tag for `srclang`; `und` where nobody has told it.")
    direction: Direction = Field(description="Which way the language is written, for `dir`.")
    vtt_url: str = Field(
        description="WebVTT through the CDN, for a `<track>`; its `<video>` needs `crossorigin`. Works as long as"
        " `preview_url`."
    )
    srt_url: str = Field(description="SubRip, as a download. Works as long as `video_url`.")


class ThumbnailView(View):
    model_config = ConfigDict(json_schema_extra=example({"scene": 1, "url": f"{THUMBNAIL}?X-Amz-Expires=900"}))

    scene: int = Field(description="The scene's number.")
    url: str = Field(description="A WebP picture, at most 320 pixels wide and high.")


class ResultView(View):
    """The finished film. Both links open without a token: whoever has one sees the film until it expires."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "job_id": FILM_JOB,
                "video_url": f"https://recast.s3.us-east-1.amazonaws.com/users/…/jobs/{FILM_JOB}/final.mp4?X-Amz-Expires=900",
                "preview_url": f"https://d111111abcdef8.cloudfront.net/users/…/jobs/{FILM_JOB}/final.mp4?Expires=1793612700",
                "expires_at": LATER,
                "preview_expires_at": LATER,
                "duration_seconds": 44.8,
                "scenes": 7,
                "placeholders": [],
                "width": 1280,
                "height": 720,
                "size_bytes": 4_823_113,
                "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "captions": {
                    "language": "en",
                    "direction": "ltr",
                    "vtt_url": f"https://d111111abcdef8.cloudfront.net/users/…/jobs/{FILM_JOB}/captions/….vtt?Expires=1793612700",
                    "srt_url": f"https://recast.s3.us-east-1.amazonaws.com/users/…/jobs/{FILM_JOB}/captions/….srt?X-Amz-Expires=900",
                },
                "delivery": 1,
                "finish": FINISH,
                "poster_url": f"https://recast.s3.us-east-1.amazonaws.com/users/…/jobs/{FILM_JOB}/poster.jpg?X-Amz-Expires=900",
                "thumbnails": ThumbnailView.examples(),
            }
        )
    )

    job_id: UUID
    video_url: str = Field(description="The MP4 itself, from S3, as a download.")
    preview_url: str = Field(description="The same film through the CDN, for a player.")
    expires_at: datetime = Field(description="When `video_url` stops working; ask again for a new one.")
    preview_expires_at: datetime = Field(description="When `preview_url` stops working.")
    duration_seconds: float
    scenes: int
    placeholders: list[int] = Field(
        description="Scenes that could not be filmed, for which a draft stands in; only with `deliver_partial`."
    )
    width: int
    height: int
    size_bytes: int
    sha256: str
    captions: CaptionsView | None = Field(description="Null for a film in which nothing is said.")
    delivery: int = Field(description="Counts from 1: a film that is changed is delivered again.")
    finish: FinishView = Field(description="How this film is finished.")
    poster_url: str | None = Field(description="A JPEG of the film's size, to be shown before it plays.")
    thumbnails: list[ThumbnailView] = Field(description="Of every scene, in the film's order.")


class EventView(View):
    """One thing that happened to a job."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "id": 412,
                "kind": "scene_filmed",
                "stage": "clips",
                "scene_index": 3,
                "message": "The scene is filmed",
                "created_at": LATER,
            }
        )
    )

    id: int
    kind: str
    stage: str | None
    scene_index: int | None
    message: str
    created_at: datetime


class JobProgress(View):
    model_config = ConfigDict(json_schema_extra=example({"status": "running", "progress": 50}))

    status: JobStatus
    progress: int


def _facts(job: Job) -> dict[str, object]:
    facts = {name: getattr(job, name) for name in JobView.model_fields if name not in ("options", "error", "cost")}
    return {
        **facts,
        "cost": CostView(reserved_usd=job.reserved_usd, spent_usd=job.spent_usd),
        "options": OptionsView.of(job.options),
        "error": Failure.of(job.error_code, job.error_message),
    }
