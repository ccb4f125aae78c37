"""Joining clips, with real ffmpeg."""

import asyncio
import os
import shutil
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from domain.errors import ErrorCode, RecastError
from domain.finish import Music, Transition, TransitionKind
from domain.profile import Profile
from resources import ffmpeg
from resources.cores import Cores
from resources.inspection import offsets
from resources.media import MediaFacts, probe
from resources.mixing import Tracks, mix
from studio.finishing import SceneClip, assemble, encode_spans, join, thread
from studio.mixing import SceneLine, sound_track
from tests.integration.finishing.clips import TINY, Make, pictures
from tests.integration.sound.sounds import tone, write


def beeps(film: Path) -> list[float]:
    """When each beep begins, in seconds."""
    with av.open(str(film)) as container:
        sound = [(frame.time, frame.to_ndarray()[0]) for frame in container.decode(audio=0)]
    samples = np.concatenate([block for _, block in sound])
    begin = sound[0][0] or 0.0
    loud = np.flatnonzero(np.abs(samples) > 0.2)
    starts = loud[np.concatenate([[True], np.diff(loud) > 4800])]
    return [float(begin + start / 48_000) for start in starts]


def coded(film: Path) -> list[bytes]:
    """Every picture as it is stored."""
    with av.open(str(film)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


async def joined(
    clips: Sequence[Path],
    film: Path,
    *,
    transition: Transition | None = None,
    titles: Sequence[str] = (),
    keeps_clip_sound: bool = True,
) -> MediaFacts:
    """The film of ``clips`` with their own sound."""
    named = [*titles, *[""] * (len(clips) - len(titles))]
    scenes = [SceneClip(clip, clip.name, title) for clip, title in zip(clips, named, strict=True)]
    reel = await thread(scenes, profile=TINY, transition=transition)
    sound = film.with_name("sound.mp4")
    await sound_track(
        reel,
        (),
        sound,
        music=Music(),
        upload=None,
        keeps_clip_sound=keeps_clip_sound,
        pieces=film.parent,
    )
    return await join(scenes, sound, film, profile=TINY, transition=transition)


async def test_the_film_is_the_clips_one_after_the_other(make: Make, tmp_path: Path) -> None:
    lengths = [17, 31, 8]
    clips = [make(length) for length in lengths]
    facts = await joined(clips, tmp_path / "film.mp4")
    assert facts == probe(tmp_path / "film.mp4")
    assert (facts.frames, facts.start_time) == (sum(lengths), 0)
    single = [picture for clip in clips for picture in pictures(clip)]
    assert all(np.array_equal(a, b) for a, b in zip(pictures(tmp_path / "film.mp4"), single, strict=True))


async def test_drawn_and_photographed_clips_go_together(make: Make, tmp_path: Path) -> None:
    facts = await joined([make(9), make(9, preset="veryfast")], tmp_path / "film.mp4")
    assert facts.frames == 18


async def test_pictures_come_at_a_constant_rate_from_zero(make: Make, tmp_path: Path) -> None:
    clips = [make(length) for length in (47, 70, 25)]
    await joined(clips, tmp_path / "film.mp4", transition=Transition(kind=TransitionKind.WIPE))
    with av.open(str(tmp_path / "film.mp4")) as film:
        packets = [p for p in film.demux(video=0) if p.size]
        assert film.start_time <= 0
    assert [p.pts * p.time_base for p in packets] == [Fraction(n, 30) for n in range(142)]
    assert all(p.pts == p.dts for p in packets)


FLASH = "color=white:s={w}x{h}:r={r},drawbox=color=black:t=fill:enable='gte(n,2)'"


@pytest.mark.parametrize("kind", [TransitionKind.CUT, TransitionKind.CROSSFADE])
async def test_flashes_and_beeps_stay_together_over_twenty_odd_clips(
    make: Make, tmp_path: Path, kind: TransitionKind
) -> None:
    lengths = [13 + 7 * (number % 3) for number in range(20)]
    clips = [make(length, picture=FLASH) for length in lengths]
    transition = Transition(kind=kind, seconds=0.2)
    facts = await joined(clips, tmp_path / "film.mp4", transition=transition)
    borders = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    heard = beeps(tmp_path / "film.mp4")
    assert len(heard) == 20
    assert np.abs(np.array(heard) - borders / 30).max() < 0.006
    bright = [picture.mean() > 100 for picture in pictures(tmp_path / "film.mp4")]
    assert all(bright[border] for border in borders)
    if kind is TransitionKind.CUT:
        assert sum(bright) == 2 * len(lengths)
    assert abs(facts.duration - sum(lengths) / 30) < 0.001
    assert abs(facts.audio_duration - facts.duration) < 1 / 30


@pytest.mark.parametrize("kind", [TransitionKind.CROSSFADE, TransitionKind.DIP, TransitionKind.WIPE])
async def test_only_the_frames_of_a_transition_are_encoded_again(
    make: Make, tmp_path: Path, kind: TransitionKind
) -> None:
    clips = [make(75), make(80, picture="mandelbrot=s={w}x{h}:r={r}")]
    await joined(clips, tmp_path / "film.mp4", transition=Transition(kind=kind, seconds=0.4))
    film = pictures(tmp_path / "film.mp4")
    single = [picture for clip in clips for picture in pictures(clip)]
    assert len(film) == 155
    same = [np.array_equal(a, b) for a, b in zip(film, single, strict=True)]
    assert all(same[: 75 - 6])
    assert all(same[75 + 30 :])
    assert not any(same[75 - 4 : 75 + 4])
    far = np.abs(film[75].astype(float) - single[75]).mean()
    near = np.abs(film[75 + 20].astype(float) - single[75 + 20]).mean()
    assert near < 3 < far


async def test_in_a_dip_the_border_is_black(make: Make, tmp_path: Path) -> None:
    clips = [make(40), make(40)]
    await joined(clips, tmp_path / "film.mp4", transition=Transition(kind=TransitionKind.DIP, seconds=1))
    light = [float(picture.mean()) for picture in pictures(tmp_path / "film.mp4")]
    assert light[40] < 20
    assert light[20] > 60 < light[60]


async def test_in_the_middle_of_a_crossfade_both_scenes_are_seen_alike(make: Make, tmp_path: Path) -> None:
    clips = [make(40, picture=f"color={colour}:s={{w}}x{{h}}:r={{r}}") for colour in ("white", "black")]
    await joined(clips, tmp_path / "film.mp4", transition=Transition(kind=TransitionKind.CROSSFADE, seconds=1))
    light = [float(picture.mean()) for picture in pictures(tmp_path / "film.mp4")]
    assert light[40] == pytest.approx((light[0] + light[-1]) / 2, abs=6)
    assert light[30] > light[35] > light[40] > light[45] > light[50]


async def test_short_scenes_have_short_transitions(make: Make, tmp_path: Path) -> None:
    clips = [make(length) for length in (40, 3, 1, 2, 33)]
    facts = await joined(clips, tmp_path / "film.mp4", transition=Transition(kind=TransitionKind.CROSSFADE, seconds=2))
    assert facts.frames == 79 == len(pictures(tmp_path / "film.mp4"))


async def test_a_transition_that_is_kept_is_not_made_again(make: Make, tmp_path: Path) -> None:
    scenes = [SceneClip(make(40), f"key {number}") for number in range(3)]
    crossfade = Transition(kind=TransitionKind.CROSSFADE)
    reel = await thread(scenes, profile=TINY, transition=crossfade)
    assert len(await encode_spans(reel, tmp_path, cores=Cores())) == 2
    assert len(await encode_spans(reel, tmp_path, cores=Cores())) == 0
    other = SceneClip(scenes[2].path, "another take")
    changed = await thread([*scenes[:2], other], profile=TINY, transition=crossfade)
    assert len(await encode_spans(changed, tmp_path, cores=Cores())) == 1


async def test_two_hundred_scenes_are_joined_as_three_are(make: Make, tmp_path: Path) -> None:
    clips = [make(6), make(9, picture="mandelbrot=s={w}x{h}:r={r}")] * 100
    facts = await joined(clips, tmp_path / "film.mp4", titles=[f"Scene {number}" for number in range(200)])
    assert (facts.frames, facts.start_time) == (1500, 0)
    assert len(pictures(tmp_path / "film.mp4")) == 1500
    borders = [sum((6, 9)[number % 2] for number in range(place)) for place in range(201)]
    assert max(offsets(tmp_path / "film.mp4", borders, TINY.frame_rate)) <= 1 / TINY.frame_rate
    with av.open(str(tmp_path / "film.mp4")) as film:
        assert len(film.chapters()) == 200


async def test_chapters_are_the_titles_of_the_scenes(make: Make, tmp_path: Path) -> None:
    clips = [make(30) for _ in range(5)]
    await joined(clips, tmp_path / "film.mp4", titles=["", "One", "One", "Two: δύο", ""])
    with av.open(str(tmp_path / "film.mp4")) as film:
        chapters = [
            (one["metadata"]["title"], float(one["start"] * one["time_base"]), float(one["end"] * one["time_base"]))
            for one in film.chapters()
        ]
    assert chapters == [("One", 0.0, 3.0), ("Two: δύο", 3.0, 5.0)]


async def test_a_line_is_heard_where_its_scene_has_it(make: Make, tmp_path: Path) -> None:
    scenes = [SceneClip(make(length), str(length)) for length in (31, 50)]
    reel = await thread(scenes, profile=TINY)
    lines = [SceneLine(write(tmp_path / f"{scene}.wav", tone(880, 0.1)), scene, 0.4) for scene in (1, 2)]
    track = tmp_path / "sound.mp4"
    await sound_track(reel, lines, track, music=Music(), upload=None, keeps_clip_sound=False, pieces=tmp_path)
    await join(scenes, track, tmp_path / "film.mp4", profile=TINY)
    assert beeps(tmp_path / "film.mp4") == pytest.approx([0.4, 31 / 30 + 0.4], abs=0.003)


async def test_clips_are_joined_without_encoding_a_picture(make: Make, tmp_path: Path) -> None:
    clips = [make(45), make(31, picture="mandelbrot=s={w}x{h}:r={r}")]
    await mix(Tracks(76 * 1600, 48_000), tmp_path / "sound.mp4")
    await join(
        [SceneClip(clip, clip.name) for clip in clips], tmp_path / "sound.mp4", tmp_path / "film.mp4", profile=TINY
    )
    # Whatever had gone through an encoder once more would be other bytes.
    assert coded(tmp_path / "film.mp4") == [picture for clip in clips for picture in coded(clip)]


async def test_players_can_start_before_the_file_is_complete(make: Make, tmp_path: Path) -> None:
    await joined([make(9), make(9)], tmp_path / "film.mp4")
    content = (tmp_path / "film.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize(
    ("what", "fault"),
    [
        ("320x180", {"profile": Profile(width=320, height=180)}),
        ("25 frames", {"profile": Profile(width=160, height=90, frame_rate=25)}),
        ("no sound", {"sound": None}),
        ("44100 Hz", {"profile": Profile(width=160, height=90, sample_rate=44_100)}),
        ("yuv444p", {"extra": ("-pix_fmt", "yuv444p", "-profile:v", "high444")}),
        ("other settings", {"preset": "ultrafast"}),
    ],
)
async def test_a_clip_that_does_not_fit_is_named_by_its_scene(
    make: Make, tmp_path: Path, what: str, fault: dict[str, object]
) -> None:
    clips = [make(9), make(9, **fault), make(9)]
    with pytest.raises(RecastError) as raised:
        await joined(clips, tmp_path / "film.mp4")
    assert raised.value.code is ErrorCode.STITCH_FAILED
    assert "scene 2" in raised.value.detail
    assert what in raised.value.detail
    assert not any("film" in name for name in os.listdir(tmp_path))  # noqa: PTH208 - an async test


async def test_a_damaged_clip_is_named_by_its_scene(make: Make, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(make(9).read_bytes()[:500])
    with pytest.raises(RecastError) as raised:
        await joined([make(9), make(9), broken], tmp_path / "film.mp4")
    assert raised.value.code is ErrorCode.STITCH_FAILED
    assert "scene 3" in raised.value.detail


async def test_a_clip_that_ends_too_early_is_named_by_its_scene(make: Make, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    whole = make(60).read_bytes()
    broken.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(RecastError, match="scene 2") as raised:
        await joined([make(9), broken], tmp_path / "film.mp4")
    assert raised.value.code is ErrorCode.STITCH_FAILED


NAMED = ("clip of scene 21", "transition to scene 22", "clip of scene 22", "sound track")


@pytest.mark.parametrize("spoilt", NAMED)
@pytest.mark.parametrize("how", ["missing", "not a film", "cut off"])
async def test_what_cannot_be_read_when_the_film_is_put_together_is_named(
    make: Make, tmp_path: Path, spoilt: str, how: str
) -> None:
    clips = [Path(shutil.copy(make(60), tmp_path / f"{number}.mp4")) for number in (21, 22)]
    scenes = [SceneClip(clip, clip.name, number=number) for clip, number in zip(clips, (21, 22), strict=True)]
    reel = await thread(scenes, profile=TINY, transition=Transition(kind=TransitionKind.CROSSFADE))
    (span,) = await encode_spans(reel, tmp_path, cores=Cores())
    sound = tmp_path / "sound.mp4"
    await mix(Tracks(reel.samples, 48_000), sound)
    path = dict(zip(NAMED, (clips[0], tmp_path / f"{span}.mp4", clips[1], sound), strict=True))[spoilt]
    whole = path.read_bytes()
    path.unlink()
    if how != "missing":
        path.write_bytes(b"no film" if how == "not a film" else whole[: len(whole) // 2])
    with pytest.raises(RecastError, match=spoilt) as raised:
        await assemble(reel, tmp_path, sound, tmp_path / "film.mp4")
    assert raised.value.code is ErrorCode.STITCH_FAILED
    assert [name for name in os.listdir(tmp_path) if "film" in name] == []  # noqa: PTH208 - an async test


async def test_nothing_to_join_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecastError) as raised:
        await joined([], tmp_path / "film.mp4")
    assert raised.value.code is ErrorCode.STITCH_FAILED


async def test_a_full_disk_is_told_apart(make: Make) -> None:
    with pytest.raises(RecastError) as raised:
        await ffmpeg.run(
            [*ffmpeg.input_file(make(9)), "-c", "copy", "-f", "mpegts", "/dev/full"],
            timeout_seconds=20,
            failure_code=ErrorCode.STITCH_FAILED,
        )
    assert raised.value.code is ErrorCode.DISK_FULL


async def test_progress_is_reported_in_seconds_of_output(tmp_path: Path) -> None:
    heard: list[float] = []
    source = ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=30:d=2"]
    await ffmpeg.run(
        [*source, *ffmpeg.mezzanine(TINY), str(tmp_path / "o.mp4")], timeout_seconds=30, on_progress=heard.append
    )
    assert heard == sorted(heard)
    assert heard[-1] == pytest.approx(2.0, abs=0.1)


def running_ffmpeg() -> list[psutil.Process]:
    """Of this process; its other children are servers of other tests."""
    return [child for child in psutil.Process().children() if "ffmpeg" in child.name()]


async def test_ffmpeg_is_killed_when_its_time_is_over() -> None:
    with pytest.raises(RecastError) as raised:
        await ffmpeg.run(["-re", "-f", "lavfi", "-i", "testsrc2", "-f", "null", "-"], timeout_seconds=0.5)
    assert "still running" in (raised.value.cause or "")
    assert running_ffmpeg() == []


async def test_ffmpeg_is_killed_when_nobody_waits_for_it() -> None:
    endless = ["-re", "-f", "lavfi", "-i", "testsrc2", "-f", "null", "-"]
    started = asyncio.Event()
    task = asyncio.create_task(ffmpeg.run(endless, timeout_seconds=60, on_progress=lambda _: started.set()))
    async with asyncio.timeout(30):
        await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert running_ffmpeg() == []


async def test_a_playlist_inside_a_clip_cannot_open_the_network(tmp_path: Path) -> None:
    playlist = tmp_path / "clip.mp4"
    playlist.write_text("#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/secret.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(RecastError) as raised:
        await ffmpeg.run([*ffmpeg.input_file(playlist), "-f", "null", "-"], timeout_seconds=20)
    assert raised.value.code is ErrorCode.CLIP_REJECTED
