"""The local provider: real processes, real ffmpeg, small pictures."""

import asyncio
import contextlib
import hashlib
import io
import os
import sys
from collections.abc import AsyncIterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from uuid import UUID, uuid4

import av
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray
from PIL import Image

from domain.characters import CastMember
from domain.errors import ErrorCode, RecastError
from domain.premade import PREMADE
from domain.profile import Profile
from domain.shots import Camera, Light, Setting, Shot, ShotPrompt
from resources.media import probe
from resources.video.local.camera import LocalCamera
from resources.video.protocol import Handle, Order, Take, TakeStatus
from resources.video.registry import model_profile
from studio.accepting import accept
from studio.mezzanines import make_mezzanine, plain_mezzanine

ROOT = Path(__file__).resolve().parents[2]
SMALL = Profile(width=320, height=180)
LOCAL = model_profile("local", None)
PATIENCE_SECONDS = 60


def a_member(slug: str) -> CastMember:
    character = next(character for character in PREMADE if character.slug == slug)
    return CastMember(
        character_id=character.character_id,
        name=character.name,
        style=character.style,
        portrait_key=None,
        model_ref=character.model_ref,
    )


def a_shot(
    *members: CastMember,
    seconds: float = 1.0,
    caption: str = "Hello there, my friend!",
    move: Camera = Camera.PUSH_IN,
    profile: Profile = SMALL,
) -> Shot:
    prompt = ShotPrompt(
        text="",
        caption=caption,
        setting=Setting.SEA,
        light=Light.DUSK,
        camera=move,
        style="",
        characters=tuple(member.character_id for member in members),
        speaker=members[0].character_id if members else None,
        seed=7,
    )
    return Shot(
        provider="local",
        model="flat",
        model_version="1",
        prompt=prompt,
        duration_seconds=seconds,
        ordered_seconds=seconds,
        profile=profile,
        cast=members,
    )


def an_order(shot: Shot) -> Order:
    return Order(attempt_id=uuid4(), shot=shot, deadline_seconds=600)


async def outcome(local: LocalCamera, handle: Handle, until: TakeStatus | None = None) -> Take:
    """Poll until the take is final, or has the status ``until``."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            take = await local.poll(handle)
            if take.status.is_final or take.status is until:
                return take
            await asyncio.sleep(0.02)


async def film(local: LocalCamera, shot: Shot, clip: Path, pictures: dict[UUID, bytes] | None = None) -> Take:
    handle = await local.submit(an_order(shot), {one: (picture,) for one, picture in (pictures or {}).items()})
    take = await outcome(local, handle)
    assert take.status is TakeStatus.SUCCEEDED, take.error
    await local.fetch(handle, clip)
    return take


def pictures(clip: Path) -> list[NDArray[np.uint8]]:
    with av.open(str(clip)) as container:
        return [np.asarray(frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[LocalCamera]:
    yield LocalCamera(LOCAL, tmp_path / "takes", parallel=2)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while renderers():
            await asyncio.sleep(0.02)


def renderers() -> list[psutil.Process]:
    """Those of this test's process that live; its other children are servers of other tests."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if child.status() != psutil.STATUS_ZOMBIE and "resources.video.local.render" in child.cmdline():
                found.append(child)
    return found


async def test_a_scene_becomes_an_accepted_clip_of_exactly_its_length(local: LocalCamera, tmp_path: Path) -> None:
    shot = a_shot(a_member("ada"), a_member("bruno"), seconds=1.23)
    take = await film(local, shot, tmp_path / "clip.mp4")
    facts = await accept(tmp_path / "clip.mp4", shot)
    assert (take.progress, facts.frames, facts.frame_rate) == (100, 37, 30)
    assert facts.start_time == 0
    assert abs(facts.audio_duration - Fraction(37, 30)) < 1024 / 48_000
    clip, _ = await make_mezzanine(tmp_path / "clip.mp4", plain_mezzanine(shot), tmp_path / "made.mp4")
    assert clip == tmp_path / "clip.mp4", "it was drawn in the format of the film, and is not encoded again"


async def test_the_clip_has_a_keyframe_every_second_and_none_between(local: LocalCamera, tmp_path: Path) -> None:
    await film(local, a_shot(a_member("otis"), seconds=2.5), tmp_path / "clip.mp4")
    with av.open(str(tmp_path / "clip.mp4")) as container:
        keys = [packet.pts * packet.time_base for packet in container.demux(video=0) if packet.is_keyframe]
    assert keys == [0, 1, 2]


async def test_the_same_shot_gives_the_same_bytes(local: LocalCamera, tmp_path: Path) -> None:
    shot = a_shot(a_member("finn"), a_member("otis"))
    digests = set()
    for number in range(2):
        clip = tmp_path / f"{number}.mp4"
        await film(local if number else LocalCamera(LOCAL, tmp_path / "other", parallel=1), shot, clip)
        digests.add(hashlib.sha256(clip.read_bytes()).hexdigest())
    assert len(digests) == 1


async def test_only_the_speaker_is_shown_speaking(local: LocalCamera, tmp_path: Path) -> None:
    shot = a_shot(a_member("bruno"), a_member("finn"), seconds=2.0, caption="Banana, banana!", move=Camera.STILL)
    await film(local, shot, tmp_path / "clip.mp4")
    frames = [frame.astype(int) for frame in pictures(tmp_path / "clip.mp4")[24:]]
    change = np.mean([np.abs(b - a) for a, b in pairwise(frames)], axis=0)
    left, right = change[70:110, 60:140].mean(), change[70:110, 180:260].mean()
    assert left > 1.5 * right


async def test_a_character_without_a_drawing_is_shown_by_its_portrait(local: LocalCamera, tmp_path: Path) -> None:
    stranger = CastMember(character_id=uuid4(), name="Zoe", style="", portrait_key="some/key")
    picture = io.BytesIO()
    Image.new("RGB", (300, 300), (255, 255, 255)).save(picture, "PNG")
    shot = a_shot(stranger, move=Camera.STILL)
    await film(local, shot, tmp_path / "white.mp4", {stranger.character_id: picture.getvalue()})
    await film(local, shot, tmp_path / "missing.mp4")
    shown = pictures(tmp_path / "white.mp4")[-1][60:90, 140:180].mean()
    initial = pictures(tmp_path / "missing.mp4")[-1]
    assert shown > 225
    assert initial[60:90, 140:180].mean() < 215


async def test_a_portrait_that_cannot_be_read_fails_the_scene(local: LocalCamera) -> None:
    stranger = CastMember(character_id=uuid4(), name="Zoe", style="", portrait_key="some/key")
    handle = await local.submit(an_order(a_shot(stranger)), {stranger.character_id: (b"not a picture",)})
    take = await outcome(local, handle)
    assert take.status is TakeStatus.FAILED
    assert take.error is not None
    assert "the portrait of Zoe cannot be read" in str(take.error.cause)


async def test_an_empty_scene_and_more_characters_than_fit_are_filmed(local: LocalCamera, tmp_path: Path) -> None:
    await film(local, a_shot(caption=""), tmp_path / "empty.mp4")
    crowd = [a_member(character.slug) for character in PREMADE[:7]]
    take = await film(local, a_shot(*crowd, seconds=0.5), tmp_path / "crowd.mp4")
    assert take.metadata["left_out"].startswith("2 ")


async def test_a_running_scene_can_be_canceled_and_its_siblings_go_on(local: LocalCamera, tmp_path: Path) -> None:
    long = await local.submit(an_order(a_shot(a_member("ada"), seconds=600)), {})
    also_long = await local.submit(an_order(a_shot(a_member("ada"), seconds=600)), {})
    queued = await local.submit(an_order(a_shot(a_member("ada"), seconds=0.3)), {})
    never = await local.submit(an_order(a_shot(a_member("ada"), seconds=600)), {})
    assert (await outcome(local, long, until=TakeStatus.RUNNING)).status is TakeStatus.RUNNING
    assert (await local.poll(queued)).status is TakeStatus.QUEUED
    await local.cancel(never)
    await local.cancel(long)
    assert (await outcome(local, queued)).status is TakeStatus.SUCCEEDED
    await local.cancel(also_long)
    statuses = [(await local.poll(handle)).status for handle in (long, also_long, never, queued)]
    assert statuses == [TakeStatus.CANCELED] * 3 + [TakeStatus.SUCCEEDED]
    with pytest.raises(RecastError):
        await local.fetch(long, tmp_path / "clip.mp4")
    assert not (tmp_path / "clip.mp4").exists()


async def test_a_renderer_that_dies_fails_its_scene_and_not_the_next(local: LocalCamera, tmp_path: Path) -> None:
    alone = LocalCamera(LOCAL, tmp_path / "alone", parallel=1)
    doomed = await alone.submit(an_order(a_shot(a_member("ada"), seconds=600)), {})
    following = await alone.submit(an_order(a_shot(a_member("ada"), seconds=0.3)), {})
    await outcome(alone, doomed, until=TakeStatus.RUNNING)
    renderers()[0].kill()
    take = await outcome(alone, doomed)
    assert take.status is TakeStatus.FAILED
    assert take.error is not None
    assert take.error.code is ErrorCode.AI_PROVIDER_FAILURE
    assert (await outcome(alone, following)).status is TakeStatus.SUCCEEDED


async def test_a_renderer_ends_when_its_parent_is_gone(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from resources.video.local.camera import LocalCamera\n"
        "from resources.video.protocol import Order\n"
        "from resources.video.registry import model_profile\n"
        "async def main():\n"
        "    local = LocalCamera(model_profile('local', None), Path(sys.argv[1]), parallel=1)\n"
        "    handle = await local.submit(Order.model_validate_json(sys.stdin.read()), {})\n"
        "    while (await local.poll(handle)).progress < 1: await asyncio.sleep(0.02)\n"
        "    print('drawing', flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, str(script), str(tmp_path / "takes")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert parent.stdin is not None
    assert parent.stdout is not None
    parent.stdin.write(an_order(a_shot(a_member("ada"), seconds=60)).model_dump_json().encode())
    parent.stdin.close()
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await parent.stdout.readline() == b"drawing\n"
        orphans = psutil.Process(parent.pid).children(recursive=True)
        assert len(orphans) >= 2  # the renderer and its ffmpeg
        parent.kill()
        await parent.wait()
        while any(orphan.is_running() and orphan.status() != psutil.STATUS_ZOMBIE for orphan in orphans):
            await asyncio.sleep(0.02)


async def test_a_handle_outlives_its_process_only_with_a_finished_clip(local: LocalCamera, tmp_path: Path) -> None:
    handle = await local.submit(an_order(a_shot(a_member("ada"), seconds=0.3)), {})
    await outcome(local, handle)
    restored = Handle.model_validate_json(handle.model_dump_json())
    later = LocalCamera(LOCAL, tmp_path / "takes")
    assert (await later.poll(restored)).status is TakeStatus.SUCCEEDED
    await later.fetch(restored, tmp_path / "clip.mp4")
    assert probe(tmp_path / "clip.mp4").frames == 9
    gone = Handle(provider="local", request_id="0" * 32)
    assert (await later.poll(gone)).status is TakeStatus.EXPIRED


async def test_a_handle_cannot_point_outside_the_folder(local: LocalCamera) -> None:
    with pytest.raises(RecastError):
        await local.poll(Handle(provider="local", request_id="../../etc"))


def test_models_are_chosen_by_name() -> None:
    assert model_profile("local", None) is model_profile("local", "flat")
    for provider, model in (("imaginary", None), ("local", "imaginary")):
        with pytest.raises(RecastError) as raised:
            model_profile(provider, model)
        assert raised.value.code is ErrorCode.UNKNOWN_MODEL


async def test_takes_of_yesterday_are_cleared_away(local: LocalCamera, tmp_path: Path) -> None:
    old, young = tmp_path / "takes" / "old", tmp_path / "takes" / "young"
    for folder in (old, young):
        folder.mkdir(parents=True)
    yesterday = old.stat().st_mtime - 25 * 3600
    os.utime(old, (yesterday, yesterday))
    await local.cancel(await local.submit(an_order(a_shot()), {}))
    assert sorted(os.listdir(tmp_path / "takes"))[-1:] == ["young"]  # noqa: PTH208 - an async test
    assert not os.path.exists(old)  # noqa: ASYNC240, PTH110
