"""`recast finish` and `recast music`: how clips become a film, and what lies under it."""

from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path
from typing import Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from cli.api_client import ApiClient
from cli.display import Display
from cli.making import OCTETS, Made, bring_film, follow, is_file
from domain.caption_styles import CaptionStyle
from domain.errors import ErrorCode, RecastError
from domain.finish import Finish, Fit, TransitionKind
from domain.music import Piece

NO_MUSIC, ALL_SCENES = "none", "all"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody has said of a film's finish; None where they have said nothing. ``music`` is a piece, ``NO_MUSIC``,
    or the path of a file to send."""

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

    async def as_body(self, client: ApiClient) -> dict[str, Any]:
        """What the API is asked for; music of one's own is sent first. Raises INVALID_REQUEST for music that is
        neither a piece nor a file, and what the sending of it raises."""
        usual = Finish()
        body: dict[str, Any] = {
            "keeps_clip_sound": self.clip_sound,
            "fit": self.fit,
            "captions": self.captions,
            "order": self.order,
        }
        if self.transition or self.transition_seconds is not None:
            seconds = usual.transition.seconds if self.transition_seconds is None else self.transition_seconds
            body["transition"] = {"kind": self.transition or TransitionKind.CROSSFADE, "seconds": seconds}
        if self.music is not None:
            body["music"] = {"volume_db": self.volume_db or 0.0, **await _music(client, self.music)}
        elif self.volume_db is not None:
            raise RecastError(ErrorCode.INVALID_REQUEST, "Say which music is to be louder, with --music.")
        return {name: value for name, value in body.items() if value is not None}


async def _music(client: ApiClient, music: str) -> dict[str, Any]:
    if music == NO_MUSIC:
        return {}
    if music in set(Piece):
        return {"piece": music}
    path = Path(music)
    if not is_file(path):
        offered = ", ".join((*Piece, NO_MUSIC))
        raise RecastError(
            ErrorCode.INVALID_REQUEST, f"{music!r} is no piece and no file here. The pieces are: {offered}."
        )
    sent = await client.send_music(path, guess_type(path.name)[0] or OCTETS)
    return {"upload_id": str(sent.id)}


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
    await client.change_finish(job_id, await wishes.as_body(client))
    with display:
        job = await follow(client, job_id, "Finish", display)
    return await bring_film(client, job, out)


async def list_music(client: ApiClient, console: Console) -> None:
    music = await client.music()
    table = Table("music", "what", "seconds", box=None, pad_edge=False)
    for piece in music.pieces:
        table.add_row(piece.piece, piece.mood, "as long as the film")
    for sent in music.sent:
        table.add_row(str(sent.id), sent.filename, f"{sent.seconds:.0f}")
    console.print(table)
