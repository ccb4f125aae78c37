"""`recast characters`: a user's own characters, by the API alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.table import Column, Table

from cli.api_client import ApiClient, CharacterView
from cli.display import ID_WIDTH
from domain.characters import Voice
from domain.errors import ErrorCode, RecastError
from domain.voices import SpokenBy


@dataclass(frozen=True, slots=True)
class Addition:
    """A character to add. ``consent`` says who has agreed to be filmed; ``pictures`` begin with the portrait."""

    name: str
    pictures: Sequence[Path]
    consent: str
    description: str
    style: str
    voice: str | None
    is_trained: bool

    @property
    def fields(self) -> dict[str, str]:
        fields = {
            "name": self.name,
            "description": self.description,
            "style": self.style,
            "mode": "trained" if self.is_trained else "reference",
            "consent": self.consent,
        }
        return fields | ({"voice_name": self.voice} if self.voice else {})


@dataclass(frozen=True, slots=True)
class Hearing:
    """How a character is to be heard: what it says, in which voice if not its own, and by which engine."""

    text: str | None
    language: str
    voice: Voice | None
    narration: SpokenBy
    out: Path | None

    def fields(self, name: str) -> dict[str, Any]:
        fields = {
            "text": self.text or f"Hello, I am {name}.",
            "language": self.language,
            "narration": self.narration.value,
        }
        return fields | ({"voice": self.voice.model_dump()} if self.voice else {})


async def list_characters(client: ApiClient, console: Console) -> None:
    table = Table(
        "name", "who", "whose", "status", Column("id", no_wrap=True, min_width=ID_WIDTH), box=None, pad_edge=False
    )
    for one in await client.characters():
        whose = "everybody's" if one.is_premade else "yours"
        status = f"{one.status} {one.training_progress} %" if one.status == "training" else one.status
        table.add_row(one.name, one.description, whose, status, "" if one.is_premade else str(one.id))
    console.print(table)


async def add_character(client: ApiClient, addition: Addition, console: Console) -> None:
    """Raises the API's errors; pictures are looked at there and nowhere else."""
    files = [("pictures", (path.name, path.read_bytes())) for path in addition.pictures]
    added = await client.add_character(addition.fields, files)
    console.print(f"{added.name} is {added.status}: {added.id}", markup=False, highlight=False)


async def change_voice(client: ApiClient, name_or_id: str, voice: Voice, console: Console) -> None:
    character = find_own(await client.characters(), name_or_id)
    await client.change_character(character.id, {"voice": voice.model_dump()})
    console.print(f"{character.name} speaks as {voice.name} from now on.", markup=False, highlight=False)


async def hear_character(client: ApiClient, name_or_id: str, wishes: Hearing, console: Console) -> None:
    """Bring a line as the character says it, to be played."""
    character = find(await client.characters(), name_or_id)
    flac = await client.hear_character(character.id, wishes.fields(character.name))
    path = wishes.out or Path("out") / f"{character.id}.flac"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(flac)
    console.print(f"{character.name}: {path}", markup=False, highlight=False, soft_wrap=True)


async def remove_character(client: ApiClient, name_or_id: str, console: Console) -> None:
    character = find_own(await client.characters(), name_or_id)
    outcome = await client.remove_character(character.id)
    gone = "and its pictures are deleted" if outcome.pictures_deleted else "is deleted; its pictures follow"
    console.print(f"{character.name} {gone}.", markup=False, highlight=False)
    if outcome.trained_model:
        console.print("Its provider is asked to delete the trained model.")


def find_own(characters: Sequence[CharacterView], name_or_id: str) -> CharacterView:
    """`find`, among the user's own."""
    return find([one for one in characters if not one.is_premade], name_or_id, "No character of yours")


def find(characters: Sequence[CharacterView], name_or_id: str, nobody: str = "No character") -> CharacterView:
    """The character of this id or name; letter case does not matter. Raises UNKNOWN_CHARACTER."""
    wanted = _as_id(name_or_id)
    found = [one for one in characters if one.id == wanted or one.name.casefold() == name_or_id.casefold()]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(str(one.id) for one in found)
        raise RecastError(ErrorCode.UNKNOWN_CHARACTER, f"Several are called {name_or_id!r}; name one by its id: {ids}.")
    offered = ", ".join(one.name for one in characters) or "none"
    raise RecastError(ErrorCode.UNKNOWN_CHARACTER, f"{nobody} is called {name_or_id!r}. There are: {offered}.")


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
