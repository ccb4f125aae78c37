"""Delivering: the job's scenes, finished as its user wants them, as one film in S3, with a poster and thumbnails.

What a film is put together from is kept under keys that say all that decides it: a film that is finished another way is
made of what is there, and only what has changed is made anew.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from domain.errors import ErrorCode, RecastError
from domain.finish import Finish
from domain.joining import chapter_title
from domain.mezzanine import Mezzanine
from domain.states import SceneStatus
from resources.cores import Cores
from resources.database import jobs, scenes, uploads
from resources.database.records import JobResult, JobScene, Thumbnail, Upload
from resources.loudness import Loudness, measure
from resources.media import MediaFacts
from resources.scratch import scratch_folder
from resources.stills import is_dark, poster, still, thumbnail
from resources.storage import (
    JPEG,
    MP4,
    REVALIDATE,
    WEBP,
    Storage,
    StoredObject,
    final_object_key,
    part_object_key,
    part_object_prefix,
    poster_object_key,
    speech_object_key,
    thumbnail_object_key,
)
from studio.captioning import FilmCaptions, captions_of, store_captions, tell_unreadable
from studio.concurrency import all_of, until_canceled
from studio.finishing import Reel, SceneClip, assemble, encode_spans, thread
from studio.inspecting import Inspection, inspect
from studio.mezzanines import fetch_mezzanine, forget_mezzanine, wanted_mezzanine
from studio.mixing import SceneLine, sound_key, sound_track
from studio.progress import Tell, part_of, written_down
from studio.work import Work

TRANSFERS_AT_ONCE = 8
SHARES = {"clips": (0.0, 0.4), "transitions": (0.4, 0.6), "sound": (0.6, 0.8), "look": (0.8, 1.0)}
"""How far the stage is before and after each part, by how long they usually take."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """``encoded_clips`` and ``encoded_transitions`` were made for it, and ``mixed`` says whether its sound was; all
    else was there from before."""

    result: JobResult
    inspection: Inspection
    encoded_clips: int
    encoded_transitions: int
    mixed: bool


async def deliver(work: Work, storage: Storage, *, cdn_url: str, pieces: Path, fonts: Path | None = None) -> Delivery:
    """Make the film of the job's scenes, and keep it; until then the one before stands. ``pieces`` is where Recast's
    own music is kept once it is played, ``fonts`` a folder of fonts for captions. The preview's address is kept
    unsigned; readers sign it.

    Raises what `deliver_scenes` raises.
    """
    rows = await scenes.list_scenes(work.connection, work.job.id)
    return await deliver_scenes(work, storage, rows, cdn_url=cdn_url, pieces=pieces, fonts=fonts)


async def deliver_scenes(
    work: Work,
    storage: Storage,
    rows: Sequence[JobScene],
    *,
    cdn_url: str,
    pieces: Path,
    fonts: Path | None = None,
) -> Delivery:
    """`deliver`, of these scenes.

    Raises SCENES_FAILED while one has no clip; STITCH_FAILED, naming the scene where there is one; and for music that
    cannot be used MEDIA_REJECTED, NO_SOUND and VIDEO_TOO_LONG.
    """
    if unfilmed := [row.scene_index for row in rows if row.status is not SceneStatus.SUCCEEDED]:
        raise RecastError(
            ErrorCode.SCENES_FAILED, f"Scenes without a clip: {', '.join(map(str, unfilmed))}. Film them first."
        )
    with scratch_folder("film") as folder:
        async with written_down(work.progress) as tell:
            shown = shown_scenes(rows, work.job.options.finish)
            captions = await captions_of(work, fonts)
            return await _Making(work, storage, shown, captions, folder, tell).deliver(cdn_url, pieces)


def shown_scenes(rows: Sequence[JobScene], finish: Finish) -> Sequence[JobScene]:
    """The scenes that a film shows, in its order. Raises STITCH_FAILED for a number that no scene has."""
    if not finish.order:
        return rows
    by_number = {row.scene_index: row for row in rows}
    if missing := [number for number in finish.order if number not in by_number]:
        raise RecastError(ErrorCode.STITCH_FAILED, f"The film is to show scene {missing[0]}, which it does not have.")
    return [by_number[number] for number in finish.order]


@dataclass(slots=True)
class _Making:
    """One film being made, in ``folder``."""

    work: Work
    storage: Storage
    rows: Sequence[JobScene]
    captions: FilmCaptions
    folder: Path
    tell: Tell
    encoded_clips: int = 0
    encoded_transitions: int = 0
    mixed: bool = False
    has_clips: bool = False
    _transfers: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(TRANSFERS_AT_ONCE))
    _cores: Cores = field(default_factory=Cores)

    def telling(self, part: str) -> Tell:
        return part_of(self.tell, *SHARES[part])

    @property
    def finish(self) -> Finish:
        return self.work.job.options.finish

    async def deliver(self, cdn_url: str, pieces: Path) -> Delivery:
        job = self.work.job
        wanted = [wanted_mezzanine(row, job.options, row.clip_key or "", self.captions.burned_in) for row in self.rows]
        film = self.folder / "final.mp4"
        # Once the film is made it is cheaper to keep than to give up.
        try:
            reel, inspection = await until_canceled(self.work, self._make(film, wanted, pieces))
        except RecastError as error:
            if error.code is ErrorCode.STITCH_FAILED and self.has_clips:
                await self._forget(wanted)
            raise
        result = await self._keep(film, inspection.facts, wanted, reel, cdn_url)
        return Delivery(result, inspection, self.encoded_clips, self.encoded_transitions, self.mixed)

    async def _forget(self, wanted: Sequence[Mezzanine]) -> None:
        """What the film was put together from is not used again: the next try would fail as this one did."""
        user_id = self.work.job.user_id
        await self.storage.delete_folder(part_object_prefix(user_id, self.work.job.id))
        await all_of(*(forget_mezzanine(self.storage, user_id, one) for one in dict.fromkeys(wanted)))

    async def _make(self, film: Path, wanted: Sequence[Mezzanine], pieces: Path) -> tuple[Reel, Inspection]:
        profile = self.work.job.options.profile
        clips = await self._clips(wanted)
        self.has_clips = True
        reel = await thread(clips, profile=profile, transition=self.finish.transition)
        spans = await self._transitions(reel)
        sound, loudness = await self._sound(reel, pieces)
        facts = await assemble(reel, spans, sound, film)
        async with self._cores.place():
            inspection = await inspect(film, reel, facts, loudness, tell=self.telling("look"))
        return reel, inspection

    async def _clips(self, wanted: Sequence[Mezzanine]) -> Sequence[SceneClip]:
        done = dict.fromkeys(range(len(wanted)), 0.0)

        tell_all = self.telling("clips")

        def tell(place: int, share: float) -> None:
            done[place] = share
            tell_all(sum(done.values()) / len(done))

        async def one(place: int, row: JobScene, mezzanine: Mezzanine) -> SceneClip:
            path = self.folder / f"{place:04}.mp4"
            try:
                async with self._transfers:
                    encoded = await fetch_mezzanine(
                        self.storage,
                        self.work.job.user_id,
                        mezzanine,
                        row.s3_key or "",
                        path,
                        cores=self._cores,
                        fonts=self.captions.fonts,
                        on_progress=lambda written: tell(place, written / mezzanine.seconds),
                    )
                    # Not in one line with the wait: what others have added meanwhile would be forgotten.
                    self.encoded_clips += encoded
            except RecastError as error:
                if error.code not in (ErrorCode.CLIP_REJECTED, ErrorCode.CLIP_LOST):
                    raise
                raise RecastError(
                    ErrorCode.STITCH_FAILED,
                    f"The clip of scene {row.scene_index} cannot be used: {error.detail}",
                    cause=error.cause,
                ) from error
            tell(place, 1.0)
            return SceneClip(path, mezzanine.key, chapter_title(row.scene), row.scene_index, mezzanine.sound_key)

        return await all_of(*(one(place, *pair) for place, pair in enumerate(zip(self.rows, wanted, strict=True))))

    async def _transitions(self, reel: Reel) -> Path:
        """The folder of the encoded transitions."""
        folder = self.folder / "spans"
        folder.mkdir()

        async def bring(key: str) -> None:
            async with self._transfers:
                # A file that is there but not whole would pass for one that is.
                part = folder / f".{key}.fetched"
                if await self.storage.download_if_there(self._part(f"transition-{key}"), part):
                    part.replace(folder / f"{key}.mp4")

        async def keep(key: str) -> None:
            async with self._transfers:
                await self.storage.upload(folder / f"{key}.mp4", self._part(f"transition-{key}"), MP4)

        await all_of(*(bring(key) for key in set(reel.span_keys.values())))
        encoded = await encode_spans(reel, folder, cores=self._cores, tell=self.telling("transitions"))
        await all_of(*(keep(key) for key in encoded))
        self.encoded_transitions = len(encoded)
        return folder

    async def _sound(self, reel: Reel, pieces: Path) -> tuple[Path, Loudness]:
        finish, music = self.finish, self.finish.music
        # A film in which nobody speaks is not silenced without being asked.
        keeps_clip_sound = finish.keeps_clip_sound or not any(row.speech for row in self.rows)
        upload = await self._upload()
        lines = await self._lines()
        sound = self.folder / "sound.mp4"
        version = upload.s3_version if upload else None
        part = self._part(
            "sound-" + sound_key(reel, lines, music=music, upload_version=version, keeps_clip_sound=keeps_clip_sound)
        )
        seconds = reel.samples / reel.profile.sample_rate
        if await self.storage.download_if_there(part, sound):
            return sound, await measure(sound, seconds=seconds)
        bed: Path | None = None
        if upload:
            bed = self.folder / "music"
            await self.storage.download(upload.s3_key, bed, upload.s3_version)
        async with self._cores.place():
            loudness = await sound_track(
                reel,
                lines,
                sound,
                music=music,
                upload=bed,
                keeps_clip_sound=keeps_clip_sound,
                pieces=pieces,
                tell=self.telling("sound"),
            )
        await self.storage.upload(sound, part, MP4)
        self.mixed = True
        return sound, loudness

    async def _upload(self) -> Upload | None:
        """The user's own music, if the film has any. A key is never believed: it must be of a file that this user has
        sent as music, and that was looked at."""
        key = self.finish.music.upload_key
        if key is None or self.finish.music.piece:
            return None
        upload = await uploads.find_music(self.work.connection, self.work.job.user_id, key)
        if upload is None:
            raise RecastError(ErrorCode.MEDIA_REJECTED, "The music of the film is not among your uploads any more.")
        return upload

    async def _lines(self) -> Sequence[SceneLine]:
        """What is spoken in the film, every sound fetched once."""
        folder = self.folder / "speech"
        folder.mkdir()
        lines = [
            SceneLine(folder / f"{placed.line.key}.flac", place, placed.start, placed.line.key)
            for place, row in enumerate(self.rows, start=1)
            for placed in row.speech or ()
        ]

        async def bring(line: SceneLine) -> None:
            key = speech_object_key(self.work.job.user_id, line.key)
            async with self._transfers:
                if not await self.storage.download_if_there(key, line.path):
                    number = self.rows[line.place - 1].scene_index
                    raise RecastError(ErrorCode.STITCH_FAILED, f"What is said in scene {number} is lost.", cause=key)

        await all_of(*(bring(line) for line in {line.key: line for line in lines}.values()))
        return lines

    async def _keep(
        self, film: Path, facts: MediaFacts, wanted: Sequence[Mezzanine], reel: Reel, cdn_url: str
    ) -> JobResult:
        job = self.work.job
        cover, thumbnails = await self._pictures(wanted, reel)
        captions = await store_captions(
            self.storage,
            job.user_id,
            job.id,
            [self.captions.scene(row) for row in self.rows],
            job.options.profile,
            self.captions.language,
        )
        for row in self.rows:
            await tell_unreadable(self.work, row.scene_index, self.captions.of(row).unreadable)
        digest = await asyncio.to_thread(_sha256, film)
        key = final_object_key(job.user_id, job.id)
        stored = await self.storage.upload(film, key, MP4, cache=REVALIDATE)
        result = JobResult(
            duration_seconds=facts.duration,
            scenes=len(self.rows),
            width=facts.width,
            height=facts.height,
            size_bytes=stored.size_bytes,
            sha256=digest,
            s3_version=stored.version,
            placeholders=tuple(row.scene_index for row in self.rows if row.is_placeholder),
            captions=captions,
            delivery=job.result.delivery + 1 if job.result else 1,
            finish=self.finish,
            poster_key=cover.key,
            poster_version=cover.version,
            thumbnails=tuple(thumbnails),
        )
        await jobs.save_result(self.work.connection, job.id, s3_key=key, preview_url=f"{cdn_url}/{key}", result=result)
        return result

    async def _pictures(self, wanted: Sequence[Mezzanine], reel: Reel) -> tuple[StoredObject, Sequence[Thumbnail]]:
        """The poster, of the first scene that is not dark, and a thumbnail of every scene."""
        user_id = self.work.job.user_id
        moments = [self.captions.still_second(row) for row in self.rows]

        async def one(clip: SceneClip, mezzanine: Mezzanine, moment: float) -> tuple[bool, Thumbnail]:
            key = thumbnail_object_key(user_id, mezzanine.clip_key, mezzanine.key)
            async with self._transfers:
                picture = await asyncio.to_thread(still, clip.path, moment, scene=clip.number)
                if await self.storage.head(key) is None:
                    await self.storage.put_bytes(key, await asyncio.to_thread(thumbnail, picture), WEBP)
            return is_dark(picture), Thumbnail(scene=clip.number, s3_key=key)

        found = await all_of(*(one(*of_scene) for of_scene in zip(reel.clips, wanted, moments, strict=True)))
        lit = next((place for place, (dark, _) in enumerate(found) if not dark), 0)
        shown = reel.clips[lit]
        picture = await asyncio.to_thread(still, shown.path, moments[lit], scene=shown.number)
        cover = await self.storage.put_bytes(
            poster_object_key(user_id, self.work.job.id), await asyncio.to_thread(poster, picture), JPEG
        )
        return cover, [kept for _, kept in found]

    def _part(self, name: str) -> str:
        return part_object_key(self.work.job.user_id, self.work.job.id, name)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
