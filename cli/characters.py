"""`recast characters`: a user's own characters, by the API alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.table import Table

from cli.api_client import ApiClient, CharacterView
from domain.characters import Voice
from domain.errors import ErrorCode, RecastError


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


async def list_characters(client: ApiClient, console: Console) -> None:
    table = Table("name", "who", "whose", "status", "id", box=None, pad_edge=False)
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


async def remove_character(client: ApiClient, name_or_id: str, console: Console) -> None:
    character = find_own(await client.characters(), name_or_id)
    outcome = await client.remove_character(character.id)
    gone = "and its pictures are deleted" if outcome.pictures_deleted else "is deleted; its pictures follow"
    console.print(f"{character.name} {gone}.", markup=False, highlight=False)
    if outcome.trained_model:
        console.print("Its provider is asked to delete the trained model.")


def find_own(characters: Sequence[CharacterView], name_or_id: str) -> CharacterView:
    """The user's own character of this id or name; letter case does not matter. Raises UNKNOWN_CHARACTER."""
    own = [one for one in characters if not one.is_premade]
    wanted = _as_id(name_or_id)
    found = [one for one in own if one.id == wanted or one.name.casefold() == name_or_id.casefold()]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(str(one.id) for one in found)
        raise RecastError(ErrorCode.UNKNOWN_CHARACTER, f"Several are called {name_or_id!r}; name one by its id: {ids}.")
    offered = ", ".join(one.name for one in own) or "none"
    raise RecastError(
        ErrorCode.UNKNOWN_CHARACTER, f"No character of yours is called {name_or_id!r}. There are: {offered}."
    )


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
