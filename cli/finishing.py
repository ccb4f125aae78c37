"""`recast finish` and `recast music`: how clips become a film, and what lies under it."""

from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path
from typing import Any
from uuid import UUID

import typer
from rich.console import Console

from cli.api_client import ApiClient, FinishView
from cli.display import Display, table_of
from cli.making import OCTETS, Made, bring_film, follow, is_file
from domain.caption_styles import CaptionStyle
from domain.errors import ErrorCode, RecastError
from domain.finish import Fit, TransitionKind
from domain.music import Piece

NO_MUSIC, ALL_SCENES = "none", "all"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody has said of a film's finish; None where they have said nothing. ``music`` is a piece, ``NO_MUSIC``,
    the path of a file to send, or the id of music that was sent."""

    transition: TransitionKind | None = None
    transition_seconds: float | None = None
    music: str | None = None
    volume_db: float | None = None
    clip_sound: bool | None = None
    fit: Fit | None = None
    captions: CaptionStyle | None = None
    order: list[int] | None = None

    @property
    def is_any(self) -> bool:
        return self != Wishes()

    async def as_body(self, client: ApiClient, present: FinishView | None = None) -> dict[str, Any]:
        """What the API is asked for, of a film that is finished as ``present`` or of a new one; music of one's own is
        sent first. Raises INVALID_REQUEST for music that is neither a piece nor a file nor was ever sent, and what the
        sending of it raises."""
        body: dict[str, Any] = {
            "keeps_clip_sound": self.clip_sound,
            "fit": self.fit,
            "captions": self.captions,
            "order": self.order,
        }
        is_cut = present is None or present.is_cut
        kind = self.transition or (TransitionKind.CROSSFADE if is_cut and self.transition_seconds else None)
        body["transition"] = _named(kind=kind, seconds=self.transition_seconds) or None
        if self.volume_db is not None and self.music is None and not (present and present.has_music):
            raise RecastError(ErrorCode.INVALID_REQUEST, "Say which music is to be louder, with --music.")
        music = {} if self.music is None else await _music(client, self.music)
        body["music"] = music | _named(volume_db=self.volume_db) or None
        return _named(**body)


def _named(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


async def _music(client: ApiClient, music: str) -> dict[str, Any]:
    if music == NO_MUSIC:
        return {"piece": None}
    if music in set(Piece):
        return {"piece": music}
    if (sent_before := _as_id(music)) in {one.id for one in (await client.music()).sent}:
        return {"upload_id": str(sent_before)}
    path = Path(music)
    if not is_file(path):
        offered = ", ".join((*Piece, NO_MUSIC))
        raise RecastError(
            ErrorCode.INVALID_REQUEST,
            f"{music!r} is no piece, no file here, and none that `recast music` lists. The pieces are: {offered}.",
        )
    sent = await client.send_music(path, guess_type(path.name)[0] or OCTETS)
    return {"upload_id": str(sent.id)}


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def numbers_of(text: str) -> list[int]:
    """Scenes as somebody types them; none for all. Raises typer.BadParameter."""
    if text.strip() == ALL_SCENES:
        return []
    try:
        return [int(number) for number in text.split(",")]
    except ValueError:
        raise typer.BadParameter(f"{text!r} are no scenes; write 2,1,3 or {ALL_SCENES}") from None


async def finish_film(client: ApiClient, job_id: UUID, wishes: Wishes, out: Path | None, display: Display) -> Made:
    """Have the film finished another way, wait for it, and bring it."""
    present = (await client.job(job_id)).options.finish
    await client.change_finish(job_id, await wishes.as_body(client, present))
    with display:
        job = await follow(client, job_id, "Finish", display)
    return await bring_film(client, job, out)


async def list_music(client: ApiClient, console: Console) -> None:
    music = await client.music()
    table = table_of("music", "what", "seconds")
    for piece in music.pieces:
        table.add_row(piece.piece, piece.mood, "as long as the film")
    for sent in music.sent:
        table.add_row(str(sent.id), sent.filename, f"{sent.seconds:.0f}")
    console.print(table)
