"""`recast make`: from a link, or a file, to a film on this disk, by the API alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

from cli.api_client import ApiClient, Cast, ImportView, JobView, QuoteView, ResultView
from cli.display import Display
from domain.errors import ErrorCode, RecastError
from domain.profile import Aspect
from domain.source import UNDETERMINED
from domain.voices import SpokenBy

OCTETS = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made. ``link`` may be the path of a transcript or a recording, in the first of ``languages``.
    ``cast`` are names of characters, each alone or as ``speaker=name``; with none of them the proposed cast plays.
    Without ``out`` the film goes to out/<job>.mp4."""

    link: str
    cast: Sequence[str]
    aspect: Aspect
    style: str | None
    seed: int
    max_scenes: int
    out: Path | None
    provider: str = "local"
    model: str | None = None
    deliver_partial: bool = False
    target_seconds: int = 0
    languages: Sequence[str] = ()
    keep_fillers: bool = False
    keep_sound_tags: bool = False
    narration: SpokenBy = SpokenBy.AUTO

    @property
    def kept(self) -> dict[str, bool]:
        """What of the words is not cleaned away, as the API's imports ask for it."""
        return {"keep_fillers": self.keep_fillers, "keep_sound_tags": self.keep_sound_tags}

    @property
    def options(self) -> dict[str, Any]:
        """The body of the order but for the script."""
        options: dict[str, Any] = {
            "aspect": self.aspect,
            "seed": self.seed,
            "max_scenes": self.max_scenes,
            "target_seconds": self.target_seconds,
            "provider": self.provider,
            "model": self.model,
            "deliver_partial": self.deliver_partial,
            "narration": self.narration,
        }
        return options | ({"style": self.style} if self.style else {})


@dataclass(frozen=True, slots=True)
class Made:
    job_id: UUID
    path: Path
    result: ResultView
    spent_usd: float


async def price_film(client: ApiClient, order: Order, display: Display) -> QuoteView:
    """Import and cast, and ask what filming would cost; nothing is filmed."""
    chosen = await find_cast(client, order.cast)
    imported = await import_source(client, order.link, order.languages, order.kept)
    with display:
        await follow(client, imported.job_id, "Import", display)
    cast = chosen or await client.proposed_cast(imported.script_id)
    await client.cast(imported.script_id, cast.character_ids, cast.speakers)
    return await client.quote(imported.script_id, order.options)


async def make_film(
    client: ApiClient, order: Order, display: Display, finish: Mapping[str, Any] = MappingProxyType({})
) -> Made:
    """Import, cast, film, download; ``finish`` as the API takes it. A job that fails is raised as the error it failed
    with."""
    chosen = await find_cast(client, order.cast)
    imported = await import_source(client, order.link, order.languages, order.kept)
    with display:
        await follow(client, imported.job_id, "Import", display)
        cast = chosen or await client.proposed_cast(imported.script_id)
        await client.cast(imported.script_id, cast.character_ids, cast.speakers)
        job = await client.generate(imported.script_id, order.options | ({"finish": dict(finish)} if finish else {}))
        job = await follow(client, job.id, "Film", display)
    return await bring_film(client, job, order.out)


async def bring_film(client: ApiClient, job: JobView, out: Path | None) -> Made:
    """Without ``out`` the film goes to out/<job>.mp4."""
    result = await client.result(job.id)
    path = out or Path("out") / f"{job.id}.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    await client.download(result.video_url, path)
    return Made(job.id, path, result, job.cost.spent_usd if job.cost else 0.0)


async def find_cast(client: ApiClient, cast: Sequence[str]) -> Cast | None:
    """The cast that is written as ``Ada,Bruno`` or ``HOST=Ada,GUEST=Bruno``; None for an empty one. A character may
    play several speakers. Raises UNKNOWN_CHARACTER."""
    if not cast:
        return None
    pairs = [one.rpartition("=") for one in cast]
    ids = await find_characters(client, [name.strip() for _, _, name in pairs])
    speakers = {speaker.strip(): found for (speaker, _, _), found in zip(pairs, ids, strict=True) if speaker.strip()}
    return Cast(list(dict.fromkeys(ids)) if speakers else ids, speakers)


async def import_source(
    client: ApiClient,
    link_or_path: str,
    languages: Sequence[str] = (),
    kept: Mapping[str, bool] = MappingProxyType({}),
) -> ImportView:
    """Begin the import of a file of that path, if there is one, else of a video. A file is in one language."""
    path = Path(link_or_path)
    if not is_file(path):
        return await client.import_video(link_or_path, languages, kept)
    language = languages[0] if languages else UNDETERMINED
    kind = guess_type(path.name)[0] or OCTETS
    if kind.startswith(("audio/", "video/")):
        return await client.import_recording(path, kind, language, kept)
    return await client.import_transcript(path, language, kept)


def is_file(path: Path) -> bool:
    """False too for a link that no file could be called."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


async def find_characters(client: ApiClient, names: Sequence[str]) -> list[UUID]:
    """The characters of those names, in their order; letter case does not matter. Raises UNKNOWN_CHARACTER."""
    known = {character.name.casefold(): character for character in await client.characters()}
    if unknown := [name for name in names if name.casefold() not in known]:
        offered = ", ".join(character.name for character in known.values())
        raise RecastError(
            ErrorCode.UNKNOWN_CHARACTER, f"There is no character called {unknown[0]!r}. There are: {offered}."
        )
    return [known[name.casefold()].id for name in names]


async def follow(client: ApiClient, job_id: UUID, title: str, display: Display) -> JobView:
    """Show a job until it is over. Raises what it failed with, also where the film of before stands."""
    async for job in client.watch(job_id):
        display.show(title, job)
    if job.status == "succeeded" and job.error is None:
        return job
    raise failure_of(job)


def failure_of(job: JobView) -> RecastError:
    if job.error and job.error.code in set(ErrorCode):
        return RecastError(ErrorCode(job.error.code), job.error.message)
    return RecastError(ErrorCode.JOB_CANCELED if job.status == "canceled" else ErrorCode.INTERNAL)
