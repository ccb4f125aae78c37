"""Edits of scripts, their versions, and the scenes that they make."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.views.examples import LATER, LINE, USER_SCRIPT, example
from api.views.view import View
from domain.edits import MAX_EDITS, Edit
from domain.scenes import Scene
from domain.script import Cut, Line, Script
from resources.database.records import ScriptVersion
from studio.editing import Preview

EDITS: list[dict[str, Any]] = [
    {"op": "set_text", "line": 3, "text": "A comet is a ball of ice and dust."},
    {"op": "rename_speaker", "from": "Speaker 1", "to": "Mira"},
    {"op": "cut", "start": 31.5, "end": 40},
    {"op": "move", "line": 9, "through": 11, "before": 5},
    {"op": "split", "line": 7},
]
VERSION: dict[str, Any] = {
    "version": 2,
    "created_at": LATER,
    "lines_count": 24,
    "edits": EDITS,
    "restored_version": None,
}


class EditRequest(View):
    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"version": 1, "edits": EDITS}))

    version: int = Field(
        ge=0, strict=True, description="The version that you have seen. If it is not the present one, nothing is done."
    )
    edits: list[Edit] = Field(
        min_length=1, max_length=MAX_EDITS, description="Made one after the other: all of them, or none."
    )


class RestoreRequest(View):
    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"version": 4}))

    version: int = Field(ge=0, strict=True, description="The present version, as you have seen it.")


class VersionView(View):
    model_config = ConfigDict(json_schema_extra=example(VERSION))

    version: int
    created_at: datetime
    lines_count: int
    edits: list[dict[str, Any]] | None = Field(description="What made it of the version before, as it was sent.")
    restored_version: int | None = Field(description="The version that it brought back.")

    @classmethod
    def of(cls, row: ScriptVersion) -> Self:
        return cls(
            version=row.version,
            created_at=row.created_at,
            lines_count=row.lines,
            edits=row.edits,
            restored_version=row.restored_version,
        )


class VersionsPage(View):
    model_config = ConfigDict(
        json_schema_extra=example({"script_id": USER_SCRIPT, "versions": [VERSION], "next_before": 2})
    )

    script_id: UUID
    versions: list[VersionView] = Field(description="Newest first.")
    next_before: int | None = Field(description="Send it as `before` for the next page; null at the end.")


class VersionDetail(View):
    """A version of a script as it was."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "script_id": USER_SCRIPT,
                "version": 1,
                "title": "Comets, explained",
                "language": "en",
                "lines": [LINE],
                "cuts": [],
                "breaks": [],
                "joins": [],
            }
        )
    )

    script_id: UUID
    version: int
    title: str
    language: str
    lines: list[Line]
    cuts: list[Cut]
    breaks: list[int]
    joins: list[int]

    @classmethod
    def of(cls, script_id: UUID, version: int, script: Script) -> Self:
        return cls(
            script_id=script_id,
            version=version,
            title=script.title,
            language=script.language,
            lines=list(script.lines),
            cuts=list(script.cuts),
            breaks=list(script.breaks),
            joins=list(script.joins),
        )


SCENE_OF_PLAN: dict[str, Any] = {
    "index": 1,
    "start": 0.4,
    "end": 6.8,
    "seconds": 6.4,
    "title": "Where comets come from",
    "text": "Did you see that? A comet, I think.",
    "speakers": ["Mira", "Jonas"],
    "line_ids": [1, 2],
}


class PlannedScene(View):
    model_config = ConfigDict(json_schema_extra=example(SCENE_OF_PLAN))

    index: int
    start: float = Field(description="Second of the source.")
    end: float = Field(description="Second of the source; where lines between are gone, the start and the length.")
    seconds: float = Field(description="How long its clip is.")
    title: str | None = Field(description="Of its chapter.")
    text: str
    speakers: list[str]
    line_ids: list[int] = Field(description="The lines in it, whole or in part.")

    @classmethod
    def of(cls, scene: Scene) -> Self:
        return cls(
            index=scene.index,
            start=scene.start,
            end=scene.end,
            seconds=round(scene.duration, 3),
            title=scene.title,
            text=scene.text,
            speakers=list(dict.fromkeys(line.speaker for line in scene.lines if line.speaker)),
            line_ids=list(scene.line_ids),
        )


class PlanView(View):
    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "script_id": USER_SCRIPT,
                "version": 2,
                "film_seconds": 6.4,
                "is_estimate": False,
                "scenes": [SCENE_OF_PLAN],
            }
        )
    )

    script_id: UUID
    version: int
    film_seconds: float
    is_estimate: bool = Field(
        description="Of a film with a target length: a language model chooses its lines when it is made; these are of"
        " about the same length."
    )
    scenes: list[PlannedScene]

    @classmethod
    def of(cls, script_id: UUID, preview: Preview) -> Self:
        return cls(
            script_id=script_id,
            version=preview.version,
            film_seconds=round(sum(scene.duration for scene in preview.scenes), 3),
            is_estimate=preview.is_estimate,
            scenes=[PlannedScene.of(scene) for scene in preview.scenes],
        )
