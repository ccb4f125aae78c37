"""Finishes: how the same clips become a film, and what of it is to change."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.views.examples import FINISH, LATER, UPLOAD, example
from api.views.view import View
from domain.caption_styles import CaptionStyle
from domain.finish import FAINTEST_BED_DB, LONGEST_TRANSITION_SECONDS, LOUDEST_BED_DB, Finish, Fit, Music, Transition
from domain.finish import TransitionKind as Kind
from domain.music import Piece, mood, score
from resources.database.records import Upload
from resources.storage import upload_id_in, upload_object_key

DEFAULTS = Finish()
MAX_SCENES = 1000


class TransitionView(View):
    """How one scene gives way to the next. The film is as long with a transition as with a cut."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example(FINISH["transition"]))

    kind: Kind = DEFAULTS.transition.kind
    seconds: float = Field(
        default=DEFAULTS.transition.seconds,
        gt=0,
        le=LONGEST_TRANSITION_SECONDS,
        description="Half before and half after the border; of a short scene at most half of it.",
    )


class MusicView(View):
    """One of the pieces that `GET /music` lists, or music that you have sent; neither is no music."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example(FINISH["music"]))

    piece: Piece | None = None
    upload_id: UUID | None = Field(default=None, description="A completed upload of yours; a piece goes before it.")
    volume_db: float = Field(
        default=DEFAULTS.music.volume_db,
        ge=FAINTEST_BED_DB,
        le=LOUDEST_BED_DB,
        description="How much louder than usual, in decibels. Under speech it is lower by itself.",
    )

    @classmethod
    def of(cls, music: Music) -> Self:
        upload_id = upload_id_in(music.upload_key) if music.upload_key else None
        return cls(piece=music.piece, upload_id=upload_id, volume_db=music.volume_db)

    def as_music(self, user_id: UUID) -> Music:
        key = upload_object_key(user_id, self.upload_id) if self.upload_id else None
        return Music(piece=self.piece, upload_key=key, volume_db=self.volume_db)


class FinishForm(View):
    """How the clips become a film. Any of it can be changed later, and nothing is filmed again for that."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=example({"transition": {"kind": "crossfade", "seconds": 0.5}, "music": {"piece": "dawn"}}),
    )

    transition: TransitionView = TransitionView()
    music: MusicView = MusicView()
    keeps_clip_sound: bool = Field(
        default=DEFAULTS.keeps_clip_sound,
        description="Whether the clips' own sound is heard under the speech. Where nobody speaks, it always is.",
    )
    fit: Fit = Field(
        default=DEFAULTS.fit,
        description="Clips of another shape `cover` the picture, or it `contain`s them whole.",
    )
    captions: CaptionStyle = Field(
        default=DEFAULTS.captions,
        description="How what is said stands in the picture; the result has it as files too, whatever is chosen.",
    )

    def as_finish(self, user_id: UUID) -> Finish:
        return Finish(
            transition=Transition(**self.transition.model_dump()),
            music=self.music.as_music(user_id),
            keeps_clip_sound=self.keeps_clip_sound,
            fit=self.fit,
            captions=self.captions,
        )


class FinishView(FinishForm):
    """As `FinishForm`, and in what order the scenes are shown."""

    model_config = ConfigDict(json_schema_extra=example(FINISH))

    order: list[int] = Field(description="The scenes' numbers; empty: all, as they were filmed.")

    @classmethod
    def of(cls, finish: Finish) -> Self:
        return cls(
            transition=TransitionView(**finish.transition.model_dump()),
            music=MusicView.of(finish.music),
            keeps_clip_sound=finish.keeps_clip_sound,
            fit=finish.fit,
            captions=finish.captions,
            order=list(finish.order),
        )


class FinishChange(View):
    """What is to be different; what is left out stays as it is, also within the transition. Music is replaced as one
    when a piece or an upload is named (`"piece": null` for none), and else only its volume changes."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=example({"music": {"piece": "night", "volume_db": -3}, "order": [2, 1, 3]})
    )

    transition: TransitionView | None = None
    music: MusicView | None = None
    keeps_clip_sound: bool | None = None
    fit: Fit | None = None
    captions: CaptionStyle | None = None
    order: list[int] | None = Field(
        default=None,
        max_length=MAX_SCENES,
        description="The numbers of the scenes to show, in their order, each at most once; empty: all, as they were"
        " filmed.",
    )

    def applied_to(self, present: Finish, user_id: UUID) -> Finish:
        """Raises ValueError for an order that shows a scene twice."""
        wished = {name: getattr(self, name) for name in ("keeps_clip_sound", "fit", "captions", "order")}
        wished |= {
            "transition": self.transition
            and present.transition.model_dump() | self.transition.model_dump(exclude_unset=True),
            "music": self.music and self._music(self.music, present.music, user_id).model_dump(),
        }
        changed = {name: value for name, value in wished.items() if value is not None}
        return Finish.model_validate(present.model_dump() | changed)

    @staticmethod
    def _music(wished: MusicView, present: Music, user_id: UUID) -> Music:
        named = wished.model_fields_set
        volume_db = wished.volume_db if "volume_db" in named else present.volume_db
        played = wished.as_music(user_id) if named & {"piece", "upload_id"} else present
        return played.model_copy(update={"volume_db": volume_db})


class PieceView(View):
    model_config = ConfigDict(json_schema_extra=example({"piece": "dawn", "mood": "calm", "seconds": 40.0}))

    piece: Piece
    mood: str
    seconds: float = Field(description="It goes on without a seam for as long as the film lasts.")


class SentMusicView(View):
    """Music that you have sent."""

    model_config = ConfigDict(
        json_schema_extra=example({"id": UPLOAD, "filename": "tune.mp3", "seconds": 184.2, "created_at": LATER})
    )

    id: UUID
    filename: str
    seconds: float
    created_at: datetime

    @classmethod
    def of(cls, upload: Upload) -> Self:
        seconds = upload.facts.duration_seconds if upload.facts else 0.0
        return cls(id=upload.id, filename=upload.filename, seconds=seconds, created_at=upload.created_at)


class MusicList(View):
    model_config = ConfigDict(
        json_schema_extra=example({"pieces": PieceView.examples(), "sent": SentMusicView.examples()})
    )

    pieces: list[PieceView]
    sent: list[SentMusicView] = Field(description="The newest first, at most a hundred.")


def all_pieces() -> list[PieceView]:
    return [PieceView(piece=piece, mood=mood(piece), seconds=round(score(piece).seconds, 1)) for piece in Piece]
