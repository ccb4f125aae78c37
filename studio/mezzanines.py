"""Mezzanines: the clip of every scene as its film shows it, each encoded at most once and kept in S3."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

from domain.errors import ErrorCode, RecastError
from domain.mezzanine import Mezzanine
from domain.profile import Profile
from domain.shots import Shot
from resources import mezzanine
from resources.cores import Cores
from resources.database.records import JobOptions, JobScene
from resources.ffmpeg import OnProgress
from resources.media import MediaFacts, lost_seconds, probe
from resources.storage import MP4, Storage, mezzanine_object_key, source_object_key

AAC_FRAME_SAMPLES = 1024


CaptionWriter = Callable[[JobScene], str | None]
"""What is burned into the picture of a scene, as a whole ASS script whose times are from the start of the scene."""


def no_captions(row: JobScene) -> None:
    return None


def wanted_mezzanine(
    row: JobScene, options: JobOptions, clip_key: str, captions: CaptionWriter = no_captions
) -> Mezzanine:
    """How the film of ``options`` shows the clip of a scene, by what is known of the scene's speech by now. Asked as
    soon as a clip arrives, and again when the film is finished: where nothing has changed, nothing is made again."""
    profile = options.profile
    return Mezzanine(
        clip_key=clip_key,
        profile=profile,
        frames=profile.frames(row.film_seconds or row.scene.duration),
        fit=options.finish.fit,
        captions=captions(row),
    )


def plain_mezzanine(shot: Shot) -> Mezzanine:
    """The clip of a shot as it was ordered, for whoever knows of no film that shows it."""
    return Mezzanine(clip_key=shot.clip_key, profile=shot.profile, frames=shot.profile.frames(shot.duration_seconds))


async def make_mezzanine(
    source: Path,
    wanted: Mezzanine,
    destination: Path,
    fonts: Path | None = None,
    on_progress: OnProgress | None = None,
) -> tuple[Path, MediaFacts]:
    """What is ``wanted`` of ``source``: the file itself where it is that already, else ``destination``. ``fonts`` is a
    folder of fonts for its captions.

    Raises CLIP_REJECTED with the reason, and DISK_FULL.
    """
    facts = await asyncio.to_thread(probe, source)
    if not wanted.captions and not await asyncio.to_thread(_differences, source, facts, wanted):
        return source, facts
    await mezzanine.encode(source, facts, destination, wanted, fonts=fonts, on_progress=on_progress)
    made = await asyncio.to_thread(probe, destination)
    if problems := await asyncio.to_thread(_differences, destination, made, wanted):
        raise RecastError(ErrorCode.CLIP_REJECTED, f"The clip was rejected: {'; '.join(problems)}.", cause=source.name)
    return destination, made


async def fetch_mezzanine(
    storage: Storage,
    user_id: UUID,
    wanted: Mezzanine,
    filmed_key: str,
    path: Path,
    *,
    cores: Cores,
    fonts: Path | None = None,
    on_progress: OnProgress | None = None,
) -> bool:
    """Bring what is ``wanted`` to ``path``. Where nobody has made it yet, it is made from the provider's own file, or
    from the clip at ``filmed_key`` if that is how it came, and kept; says whether anything was encoded.

    Raises CLIP_REJECTED, CLIP_LOST where there is neither, DISK_FULL and STORAGE_UNAVAILABLE.
    """
    key = mezzanine_object_key(user_id, wanted.clip_key, wanted.key)
    if await storage.download_if_there(key, path):
        return False
    with tempfile.TemporaryDirectory(prefix="recast-mezzanine-", dir=path.parent) as folder:
        source, made = Path(folder) / "source.mp4", Path(folder) / "made.mp4"
        # Where there is a file of the provider's, the clip at ``filmed_key`` was encoded, with captions in it.
        for kept in (source_object_key(user_id, wanted.clip_key), filmed_key):
            if await storage.download_if_there(kept, source):
                break
        else:
            raise RecastError(ErrorCode.CLIP_LOST, cause=filmed_key)
        async with cores.place():
            clip, _ = await make_mezzanine(source, wanted, made, fonts, on_progress)
        await storage.upload(clip, key, MP4)
        clip.replace(path)
    return clip is made


async def forget_mezzanine(storage: Storage, user_id: UUID, made: Mezzanine) -> None:
    """Have it made again when it is wanted next, if that is possible."""
    if await storage.head(source_object_key(user_id, made.clip_key)):
        await storage.delete(mezzanine_object_key(user_id, made.clip_key, made.key))


def departures(facts: MediaFacts, profile: Profile) -> Iterator[str]:
    """How a file departs from the format of ``profile``, in words."""
    if (facts.width, facts.height) != (profile.width, profile.height):
        yield f"it is {facts.width}x{facts.height} instead of {profile.width}x{profile.height}"
    if facts.frame_rate != profile.frame_rate:
        yield f"it has {float(facts.frame_rate):g} frames per second instead of {profile.frame_rate}"
    if (facts.video_codec, facts.pix_fmt) != ("h264", "yuv420p"):
        yield f"its picture is {facts.video_codec} {facts.pix_fmt} instead of h264 yuv420p"
    if not facts.has_audio:
        yield "it has no sound track"
    elif (facts.audio_codec, facts.sample_rate, facts.channels) != ("aac", profile.sample_rate, 2):
        sound = f"{facts.audio_codec} at {facts.sample_rate} Hz with {facts.channels} channels"
        yield f"its sound is {sound} instead of stereo aac at {profile.sample_rate} Hz"
    elif abs(facts.audio_duration - facts.duration) > AAC_FRAME_SAMPLES / profile.sample_rate + 0.001:
        yield f"its sound lasts {facts.audio_duration:.3f} s and its picture {facts.duration:.3f} s"


def _differences(path: Path, facts: MediaFacts, wanted: Mezzanine) -> list[str]:
    """What keeps a file from being joined as what is ``wanted``; captions cannot be seen."""
    found = [*departures(facts, wanted.profile)]
    if facts.frames != wanted.frames:
        found.append(f"it has {facts.frames} frames instead of {wanted.frames}")
    elif lost := lost_seconds(path):
        found.append(f"its last {lost:.3f} s are missing")
    if not found and mezzanine.headers_of(path) != mezzanine.headers(wanted.profile):
        found.append("it was encoded with other settings")
    return found
