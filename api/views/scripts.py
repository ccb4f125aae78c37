"""Imports and scripts."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.views.characters import CharacterView, speakers_of
from api.views.examples import (
    ADA,
    CHARACTER,
    IMPORT,
    IMPORT_JOB,
    LATER,
    LINE,
    MORNING,
    PROJECT,
    SOURCE,
    USER_SCRIPT,
    example,
)
from api.views.jobs import JobView
from api.views.view import View
from domain.reading import Language, Reading
from domain.script import Cut, Line
from domain.source import Source, SourceKind
from domain.states import JobStatus
from domain.transcript import Chapter
from resources.database.records import CastCharacter, Job, ScriptRow


class ImportRequest(View):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=example(
            {"youtube_url": "https://www.youtube.com/watch?v=demo0000001", "languages": ["en", "de"]}
        ),
    )

    youtube_url: str = Field(
        min_length=1, max_length=2048, description="The address of one video on YouTube, in any form YouTube gives out."
    )
    languages: list[Language] = Field(
        default=[],
        max_length=10,
        description="Languages of captions, the most wanted first. Typed captions come before automatic ones of the"
        " same language; a video with none of them is read in its own.",
    )
    translate_to: Language | None = Field(
        default=None, description="Have YouTube translate the captions where there are none in this language."
    )
    keep_fillers: bool = Field(
        default=False, strict=True, description="Keep sounds of thinking, such as “um”, where they stand alone."
    )
    keep_sound_tags: bool = Field(
        default=False, strict=True, description="Keep what captions say of sounds: [Music], (applause)."
    )

    @property
    def reading(self) -> Reading:
        return Reading.model_validate(self.model_dump(exclude={"youtube_url"}))


class ImportView(View):
    model_config = ConfigDict(json_schema_extra=example({"script_id": USER_SCRIPT, "job_id": IMPORT_JOB}))

    script_id: UUID = Field(description="Empty until the job has succeeded.")
    job_id: UUID = Field(description="The import: follow it at /jobs/{job_id}.")


class SourceView(View):
    """Where the words come from, kept for whoever publishes the film."""

    model_config = ConfigDict(json_schema_extra=example(SOURCE))

    kind: SourceKind = Field(description="A `youtube` video, a transcript `file`, or an `upload`ed recording.")
    title: str
    author: str = Field(description="The channel, or whom you have named.")
    licence: str
    rights: str = Field(description="Your own statement.")
    language: str
    thumbnail_url: str | None
    duration_seconds: float | None
    times_are_estimated: bool = Field(description="Whether times come from the length of the text: nobody heard them.")
    attribution: str = Field(description="A sentence for the description of the film.")

    @classmethod
    def of(cls, source: Source, youtube_url: str | None) -> Self:
        return cls(**source.model_dump(), attribution=source.attribution(youtube_url))


class ScriptView(View):
    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "id": USER_SCRIPT,
                "project_id": PROJECT,
                "youtube_url": "https://www.youtube.com/watch?v=demo0000001",
                "video_id": "demo0000001",
                "upload_id": None,
                "source": SOURCE,
                "status": "succeeded",
                "import_job": IMPORT,
                "version": 1,
                "title": "Comets, explained",
                "language": "en",
                "lines": [LINE],
                "chapters": [{"title": "Where comets come from", "start": 0}],
                "cuts": [{"start": 31.5, "end": 40}],
                "breaks": [],
                "joins": [],
                "cast": [CHARACTER],
                "speakers": {"Mira": ADA},
                "created_at": MORNING,
                "updated_at": LATER,
            }
        )
    )

    id: UUID
    project_id: UUID
    youtube_url: str | None = Field(description="None for a file of your own.")
    video_id: str | None
    upload_id: UUID | None = Field(
        description="The file of your own that it was made of; `DELETE /uploads/{upload_id}` deletes it."
    )
    source: SourceView
    status: JobStatus | None = Field(description="The state of its import.")
    import_job: JobView | None
    version: int = Field(description="0 until the import is done; each edit counts one up.")
    title: str | None
    language: str | None
    lines: list[Line] = Field(
        description="Sentences in the order in which they are filmed; times are seconds of the source, and an `id`"
        " stays with its line."
    )
    chapters: list[Chapter]
    cuts: list[Cut] = Field(description="Seconds of the source that are left out, though their lines are still here.")
    breaks: list[int] = Field(description="Lines with which a scene begins, by your wish.")
    joins: list[int] = Field(description="Lines whose scene you have merged with the one before.")
    cast: list[CharacterView]
    speakers: dict[str, UUID] = Field(description="Who of the cast plays a speaker, where that was chosen.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(
        cls, row: ScriptRow, import_job: Job | None, cast: Sequence[CastCharacter], sign: Callable[[str], str]
    ) -> Self:
        """``sign`` makes a link of an S3 key."""
        script = row.normalized_script
        return cls(
            id=row.id,
            project_id=row.project_id,
            youtube_url=row.youtube_url,
            video_id=row.video_id,
            upload_id=row.upload_id,
            source=SourceView.of(row.source, row.youtube_url),
            status=import_job and import_job.status,
            import_job=import_job and JobView.of(import_job),
            version=row.version,
            title=script and script.title,
            language=row.language,
            lines=list(script.lines) if script else [],
            chapters=list(script.chapters) if script else [],
            cuts=list(script.cuts) if script else [],
            breaks=list(script.breaks) if script else [],
            joins=list(script.joins) if script else [],
            cast=[CharacterView.of(character, sign) for character in cast],
            speakers=speakers_of(cast),
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
