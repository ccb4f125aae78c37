"""What a provider has sent is looked at before it is kept, with real ffmpeg."""

import struct
from pathlib import Path

import pytest

from domain.errors import ErrorCode, RecastError
from domain.profile import Profile
from resources import media
from resources.media import decode_check
from studio.accepting import accept
from tests.integration.finishing.clips import Make, a_shot, render

BLACK = "color=black:s={w}x{h}:r={r}"
STILL = "color=teal:s={w}x{h}:r={r}"


async def test_a_good_clip_is_accepted(make: Make) -> None:
    facts = await accept(make(40), a_shot(40 / 30), has_sound=True)
    assert (facts.frames, facts.has_audio) == (40, True)


@pytest.mark.parametrize(
    ("reason", "seconds", "fault"),
    [
        ("is black", 1.0, {"picture": BLACK}),
        ("stands still", 1.0, {"picture": STILL}),
        ("stands still", 4.0, {"picture": STILL}),
        ("no sound", 1.0, {"sound": None}),
        ("120x60", 1.0, {"profile": Profile(width=120, height=60)}),
    ],
)
async def test_a_clip_is_rejected_with_the_reason(
    make: Make, reason: str, seconds: float, fault: dict[str, object]
) -> None:
    with pytest.raises(RecastError, match=reason) as raised:
        await accept(make(round(seconds * 30), **fault), a_shot(seconds), has_sound=True)
    assert raised.value.code is ErrorCode.CLIP_REJECTED


async def test_a_clip_that_is_too_short_is_rejected_and_one_that_is_long_is_not(make: Make) -> None:
    with pytest.raises(RecastError, match=r"lasts 1\.0 s instead of 2\.0 s"):
        await accept(make(30), a_shot(2.0))
    await accept(make(40), a_shot(1.0))


async def test_a_clip_that_was_cut_off_on_its_way_is_rejected(make: Make, tmp_path: Path) -> None:
    whole, cut = make(90).read_bytes(), tmp_path / "cut.mp4"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RecastError, match="are missing") as raised:
        await accept(cut, a_shot(3.0))
    assert raised.value.code is ErrorCode.CLIP_REJECTED


async def test_a_small_file_of_a_gigantic_picture_is_rejected_before_it_is_decoded(tmp_path: Path) -> None:
    source = ("-f", "lavfi", "-i", "color=gray:s=4400x96:r=30", "-frames:v", "30")
    bomb = render(tmp_path / "bomb.mp4", *source, "-c:v", "libx264", "-preset", "ultrafast")
    with pytest.raises(RecastError, match="it is 4400x96") as raised:
        await accept(bomb, a_shot(1.0))
    assert raised.value.code is ErrorCode.CLIP_REJECTED


async def test_a_small_file_that_lasts_for_days_is_rejected_before_it_is_decoded(tmp_path: Path) -> None:
    source = ("-f", "lavfi", "-i", "testsrc2=s=160x90:r=1/20000", "-frames:v", "9")
    bomb = render(tmp_path / "bomb.mp4", *source, "-c:v", "libx264", "-preset", "ultrafast")
    assert bomb.stat().st_size < 100_000
    with pytest.raises(RecastError, match="it lasts 180000 s") as raised:
        await accept(bomb, a_shot(1.0))
    assert raised.value.code is ErrorCode.CLIP_REJECTED


def claiming(clip: Path, path: Path, samples: int, *, fragments: bool = False) -> Path:
    """``clip`` with so many samples, all of one byte, as it says."""
    kind, claim = (b"trun", struct.pack(">I", samples)) if fragments else (b"stsz", struct.pack(">II", 1, samples))
    content = bytearray(clip.read_bytes())
    place = content.index(kind) + 8
    content[place : place + len(claim)] = claim
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("fragments", [False, True])
async def test_a_small_file_that_claims_millions_of_pictures_is_not_even_opened(
    make: Make, tmp_path: Path, fragments: bool
) -> None:
    """Their index alone would be gigabytes."""
    clip = make(30)
    if fragments:
        clip = render(tmp_path / "parts.mp4", "-i", str(clip), "-c", "copy", "-movflags", "frag_keyframe+empty_moov")
    assert (await accept(clip, a_shot(1.0))).frames == 30
    with pytest.raises(RecastError, match="claims to hold more") as raised:
        await accept(claiming(clip, tmp_path / "bomb.mp4", 2_000_000_000, fragments=fragments), a_shot(1.0))
    assert raised.value.code is ErrorCode.CLIP_REJECTED


async def test_pixels_of_a_mad_shape_are_rejected(tmp_path: Path) -> None:
    source = ("-f", "lavfi", "-i", "testsrc2=s=320x240:r=30,setsar=259/1", "-frames:v", "30")
    with pytest.raises(RecastError, match="times as wide as high"):
        await accept(render(tmp_path / "wide.mp4", *source, "-c:v", "libx264"), a_shot(1.0))


def renamed(clip: Path, path: Path, **names: str) -> Path:
    content = clip.read_bytes()
    for old, new in names.items():
        content = content.replace(old.encode(), new.encode())
    path.write_bytes(content)
    return path


async def test_a_picture_that_nobody_can_decode_is_rejected_and_such_a_sound_is_none(
    make: Make, tmp_path: Path
) -> None:
    with pytest.raises(RecastError) as raised:
        await accept(renamed(make(30), tmp_path / "picture.mp4", avc1="xxxx", avcC="free"), a_shot(1.0))
    assert raised.value.code is ErrorCode.CLIP_REJECTED
    silent = renamed(make(30), tmp_path / "sound.mp4", mp4a="ac-4", esds="free")
    assert not (await accept(silent, a_shot(1.0))).has_audio


async def test_a_still_is_no_clip_however_long_it_is_shown(tmp_path: Path) -> None:
    source = ("-f", "lavfi", "-i", "testsrc2=s=160x90:r=1/5", "-frames:v", "1", "-c:v", "libx264")
    with pytest.raises(RecastError, match="stands still"):
        await accept(render(tmp_path / "still.mp4", *source), a_shot(5.0))


async def test_a_clip_that_moves_in_a_circle_does_not_stand_still(make: Make, tmp_path: Path) -> None:
    """Its keyframes are all alike."""
    circle = render(tmp_path / "circle.mp4", "-stream_loop", "4", "-i", str(make(30)), "-c", "copy")
    await accept(circle, a_shot(5.0))


@pytest.mark.parametrize(
    "text", ["hello", "#EXTM3U\n#EXTINF:1,\n{clip}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile '{clip}'\n"]
)
async def test_a_text_is_no_clip_whatever_it_names(make: Make, tmp_path: Path, text: str) -> None:
    path = tmp_path / "clip.mp4"
    path.write_text(text.format(clip=make(30)))
    with pytest.raises(RecastError) as raised:
        await accept(path, a_shot(1.0))
    assert raised.value.code is ErrorCode.CLIP_REJECTED


async def test_a_quiet_scene_that_only_blinks_is_not_frozen(make: Make) -> None:
    blink = "color=gray:s={w}x{h}:r={r},drawbox=x=60:y=40:w=12:h=4:color=0x8c8c8c:t=fill:enable='between(t,1.9,2.1)'"
    assert not decode_check(make(90, picture=blink)).frozen


def test_of_a_clip_that_would_take_long_only_its_beginning_is_decoded(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = "color=black:s={w}x{h}:r={r}:d=1.2,tpad=stop_mode=add:color=white:stop=-1"
    clip = make(90, picture=late, extra=("-g", "300", "-keyint_min", "300"))
    assert not decode_check(clip).black
    monkeypatch.setattr(media, "MOST_DECODED_PIXELS", 30 * 160 * 90)
    assert decode_check(clip).black
