"""Whatever a provider returns becomes one encode in the format of its film, with real ffmpeg."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from domain.finish import Fit
from domain.mezzanine import Mezzanine
from domain.profile import Profile
from resources import ffmpeg
from resources.media import probe
from resources.mixing import Tracks, mix
from studio.finishing import SceneClip, join
from studio.mezzanines import make_mezzanine, plain_mezzanine
from tests.integration.finishing.clips import TINY, Make, a_shot, pictures, render
from tests.integration.sound.sounds import RATE, read

FRAMES = 12
TALL = Profile(width=90, height=160)
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
TONE = ("-f", "lavfi", "-i", "sine=440:sample_rate=44100:duration=0.5")

HEVC10 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:pools=none:frame-threads=1")
PQ = "format=gbrpf32le,zscale=pin=bt709:tin=bt709:t=smpte2084:p=bt2020:m=bt2020nc:r=tv:npl=203,format=yuv420p10le"
"""As a camera of high dynamic range would have it, white being as bright as paper."""

ODD_CLIPS = {
    "another size": (("testsrc2=s=128x128:r=30",), X264),
    "another rate": (("testsrc2=s=160x90:r=24",), X264),
    "a variable rate": (("testsrc2=s=160x90:r=60,select='mod(n,7)*mod(n,5)'",), (*X264, "-fps_mode", "vfr")),
    "ten bits": (("testsrc2=s=160x90:r=30",), ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le")),
    "HEVC": (
        ("testsrc2=s=160x90:r=30",),
        ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:pools=none:frame-threads=1"),
    ),
    "full range": (
        ("testsrc2=s=160x90:r=30,scale=out_range=pc,format=yuvj444p",),
        ("-c:v", "mjpeg", "-color_range", "pc"),
    ),
    "VP9": (
        ("testsrc2=s=160x90:r=30", "sine=440:sample_rate=48000:duration=0.5"),
        ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"),
    ),
    "H.264 that says its colours": (
        ("testsrc2=s=160x90:r=30,scale=out_color_matrix=bt709,format=yuv420p",),
        (*X264, "-bsf:v", "h264_metadata=colour_primaries=1:transfer_characteristics=1:matrix_coefficients=1"),
    ),
    "H.264 of a PAL camera": (
        ("testsrc2=s=160x90:r=30,format=yuv420p",),
        (*X264, "-bsf:v", "h264_metadata=colour_primaries=5:transfer_characteristics=6:matrix_coefficients=5"),
    ),
    "high dynamic range": ((f"testsrc2=s=160x90:r=30,{PQ}",), HEVC10),
    "AV1": (("testsrc2=s=160x90:r=30",), ("-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime")),
    "non-square pixels": (("testsrc2=s=80x90:r=30,setsar=2",), X264),
    "an odd sample rate": (("testsrc2=s=160x90:r=30", "sine=440:sample_rate=11025:duration=0.5"), X264),
    "sound alone in the middle": (
        ("testsrc2=s=160x90:r=30", "sine=440:sample_rate=22050:duration=0.1,adelay=200"),
        (*X264, "-ac", "1"),
    ),
}


def odd_clip(path: Path, what: str) -> Path:
    sources, encoding = ODD_CLIPS[what]
    inputs = [argument for source in sources for argument in ("-f", "lavfi", "-i", source)]
    return render(path, *inputs, "-frames:v", "16", *encoding)


def wanted(frames: int = FRAMES, profile: Profile = TINY, **how: object) -> Mezzanine:
    return Mezzanine.model_validate({"clip_key": "k", "profile": profile, "frames": frames, **how})


async def made(source: Path, what: Mezzanine) -> Path:
    """Encoded, and nothing else."""
    destination = source.with_name(f"{what.key}.mp4")
    clip, facts = await make_mezzanine(source, what, destination)
    assert clip == destination
    assert facts == probe(clip)
    return clip


async def test_clips_of_all_kinds_are_joined_by_copying(tmp_path: Path, make: Make) -> None:
    clips = [await made(odd_clip(tmp_path / f"{number}.mkv", what), wanted()) for number, what in enumerate(ODD_CLIPS)]
    scenes = [SceneClip(clip, clip.name) for clip in (*clips, make(FRAMES))]
    total = len(scenes) * FRAMES
    await mix(Tracks(total * RATE // 30, RATE), tmp_path / "sound.mp4")
    facts = await join(scenes, tmp_path / "sound.mp4", tmp_path / "film.mp4", profile=TINY)
    assert facts.frames == total == len(pictures(tmp_path / "film.mp4"))
    reference = pictures(make(FRAMES))
    for clip, what in zip(clips, ODD_CLIPS, strict=True):
        if what not in ("another size", "another rate", "a variable rate", "high dynamic range"):
            apart = np.abs(np.array(pictures(clip), float) - np.array(reference, float)).mean()
            assert apart < 8, f"{what} looks otherwise"


async def test_what_is_a_mezzanine_already_is_not_encoded_again(make: Make, tmp_path: Path) -> None:
    clip = make(FRAMES)
    assert (await make_mezzanine(clip, wanted(), tmp_path / "made.mp4"))[0] == clip
    assert not (tmp_path / "made.mp4").exists()
    for other in (wanted(FRAMES + 1), wanted(profile=TALL), wanted(captions=ASS)):
        await made(clip, other)


async def test_a_file_of_the_right_form_by_another_encoder_is_encoded_again(tmp_path: Path) -> None:
    silence = ("-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo,atrim=end=0.4")
    source = ("-f", "lavfi", "-i", "testsrc2=s=160x90:r=30", *silence, "-frames:v", str(FRAMES))
    await made(render(tmp_path / "like.mp4", *source, *X264, "-c:a", "aac"), wanted())


ASS = """[Script Info]
PlayResX: 160
PlayResY: 90
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Alignment, MarginV
Style: Default,Roboto,24,&H00FFFFFF,2,4
[Events]
Format: Layer, Start, End, Style, Text
Dialogue: 0,0:00:00.20,0:00:09.00,Default,Hello
"""
HALVES = "color=white:s={w}x{h}:r=30,drawbox=x=0:y=0:w=iw/2:h=ih:color=black:t=fill"


async def test_a_clip_that_was_filmed_upright_is_turned(tmp_path: Path) -> None:
    source = ("-f", "lavfi", "-i", HALVES.format(w=160, h=90), "-frames:v", "16")
    lying = render(tmp_path / "lying.mp4", *source, *X264)
    turned = render(tmp_path / "turned.mp4", "-display_rotation", "-90", "-i", str(lying), "-c", "copy")
    picture = pictures(await made(turned, wanted(profile=TALL)))[0]
    assert picture[:60].mean() < 30 < 200 < picture[100:].mean()


async def test_pixels_that_are_not_square_become_square(tmp_path: Path) -> None:
    source = ("-f", "lavfi", "-i", f"{HALVES.format(w=80, h=90)},setsar=2", "-frames:v", "16")
    picture = pictures(await made(render(tmp_path / "wide.mp4", *source, *X264), wanted()))[0]
    assert picture[:, :70].mean() < 30 < 200 < picture[:, 90:].mean()
    assert abs(float(picture[:10].mean()) - float(picture[-10:].mean())) < 2


async def test_full_range_and_other_colours_become_those_of_the_film(tmp_path: Path) -> None:
    source = (
        "-f",
        "lavfi",
        "-i",
        f"{HALVES.format(w=160, h=90)},scale=out_range=pc,format=yuvj420p",
        "-frames:v",
        "16",
    )
    photo = render(tmp_path / "full.mov", *source, "-c:v", "mjpeg", "-q:v", "1")
    picture = pictures(await made(photo, wanted()))[0]
    assert abs(float(picture[:, :60].mean()) - 16) < 3
    assert abs(float(picture[:, 100:].mean()) - 235) < 3


@pytest.mark.parametrize(("size", "presumed"), [("1280x720", 1), ("640x360", 6)])
async def test_a_clip_that_does_not_say_how_its_colours_were_made_is_understood_as_players_do(
    tmp_path: Path, size: str, presumed: int
) -> None:
    source = ("-f", "lavfi", "-i", f"color=0xE04020:s={size}:r=30,format=yuv420p")
    untold = render(tmp_path / "untold.mkv", *source, "-frames:v", "16", *X264)
    saying = f"h264_metadata=matrix_coefficients={presumed}"
    told = render(tmp_path / "told.mkv", "-i", str(untold), "-c", "copy", "-bsf:v", saying)
    one, other = pictures(await made(untold, wanted()))[3], pictures(await made(told, wanted()))[3]
    assert np.abs(np.array(one, float) - np.array(other, float)).max() <= 1


async def test_high_dynamic_range_becomes_what_every_screen_shows(tmp_path: Path) -> None:
    grey = f"color=0x808080:s=160x90:r=30,drawbox=x=0:y=0:w=iw/2:h=ih:color=white:t=fill,{PQ}"
    bright = render(tmp_path / "bright.mp4", "-f", "lavfi", "-i", grey, "-frames:v", "16", *HEVC10)
    assert probe(bright).is_hdr
    picture = pictures(await made(bright, wanted()))[3]
    assert float(picture[:, :60].mean()) > 215, "white is white, not the grey that its code would be"
    assert abs(float(picture[:, 100:].mean()) - 126) < 8


def recorded_live(path: Path) -> Path:
    """Through a pipe, in which no header can be put right at the end."""
    source = (
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=160x90:r=30",
        "-frames:v",
        "24",
        "-c:v",
        "libvpx",
        "-deadline",
        "realtime",
    )
    with path.open("wb") as file:
        subprocess.run(ffmpeg.command(*source, "-f", "webm", "pipe:1"), stdout=file, check=True)
    return path


async def test_a_clip_that_changes_its_size_in_the_middle_is_one_clip(tmp_path: Path) -> None:
    parts = [
        render(tmp_path / f"{size}.ts", "-f", "lavfi", "-i", f"testsrc2=s={size}:r=30", "-frames:v", "15", *X264)
        for size in ("160x90", "320x180")
    ]
    both = tmp_path / "both.ts"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert probe(await made(both, wanted(24))).frames == 24


async def test_high_dynamic_range_that_tells_its_transfer_alone_is_taken(tmp_path: Path) -> None:
    source = ("-f", "lavfi", "-i", f"testsrc2=s=160x90:r=30,{PQ},format=yuv420p", "-frames:v", "16", *X264)
    untold = "h264_metadata=colour_primaries=2:transfer_characteristics=16:matrix_coefficients=2"
    clip = render(tmp_path / "untold.mp4", *source, "-bsf:v", untold)
    assert probe(clip).is_hdr
    await made(clip, wanted())


async def test_sound_that_comes_hours_late_is_not_waited_for(tmp_path: Path) -> None:
    """The gap before it would be filled in memory before it is cut off."""
    picture = render(tmp_path / "picture.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=30", "-t", "1", *X264)
    late = ("-itsoffset", "20000", *TONE, "-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac")
    clip = render(tmp_path / "late.mkv", "-i", str(picture), *late)
    silent = await made(clip, wanted(24))
    assert float(np.abs(read(silent)).max()) < 0.01


async def test_a_mezzanine_of_which_the_end_is_missing_is_encoded_again(make: Make, tmp_path: Path) -> None:
    """It says that it is whole, and could never be joined."""
    whole = make(90)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: round(0.97 * whole.stat().st_size)])
    await made(cut, wanted(90))


async def test_a_clip_that_was_recorded_live_is_as_long_as_its_pictures(tmp_path: Path) -> None:
    live = recorded_live(tmp_path / "live.webm")
    assert (probe(live).frames, probe(live).duration) == (24, pytest.approx(0.8, abs=0.04))
    await made(live, wanted())


async def test_half_pictures_of_a_broadcast_become_whole_ones(tmp_path: Path) -> None:
    """A white bar runs to the right: every other row is of a moment later, and its edge is a comb."""
    bar = "nullsrc=s=160x92:r=60,geq=lum='if(between(X,N*4,N*4+20),235,16)':cb=128:cr=128"
    source = render(
        tmp_path / "broadcast.mp4",
        *("-f", "lavfi", "-i", f"{bar},tinterlace=interleave_top", "-frames:v", "16"),
        *(*X264, "-flags", "+ildct+ilme", "-x264-params", "tff=1"),
    )

    def comb(path: Path) -> float:
        return max(float(np.abs(np.diff(picture[20:70].astype(float), axis=0)).mean()) for picture in pictures(path))

    assert comb(source) > 8
    assert comb(await made(source, wanted())) < 2


async def test_a_clip_of_another_shape_covers_the_picture_or_is_seen_whole(tmp_path: Path) -> None:
    frame = "color=gray:s=90x90:r=30,drawbox=x=0:y=0:w=90:h=10:color=white:t=fill"
    square = render(tmp_path / "square.mp4", "-f", "lavfi", "-i", frame, "-frames:v", "16", *X264)
    covering = pictures(await made(square, wanted()))[0]
    assert covering.max() < 150, "the white edge is cut off"
    whole = pictures(await made(square, wanted(fit=Fit.CONTAIN)))[0]
    assert whole[:8, 40:120].mean() > 220
    assert whole[:8, :30].max() < 200, "what is beside it is only a blurred enlargement"
    assert whole[40:, :30].min() > 80, "and not black"


async def test_a_clip_that_is_too_short_is_slowed_a_little_and_then_held(tmp_path: Path) -> None:
    source = render(
        tmp_path / "short.mp4",
        *("-f", "lavfi", "-i", "nullsrc=s=160x90:r=30,geq=lum='if(lt(Y,N*2),235,16)':cb=128:cr=128"),
        *(*TONE, "-frames:v", "30", *X264),
    )
    heights = [int((picture[:, 80] > 120).sum()) for picture in pictures(await made(source, wanted(60)))]
    assert heights[12] == pytest.approx(2 * 10, abs=3), "a fifth slower"
    assert heights[37:] == [heights[36]] * 23, "and then it stands still"
    slightly = [int((picture[:, 80] > 120).sum()) for picture in pictures(await made(source, wanted(36)))]
    assert slightly[20] == pytest.approx(2 * 20, abs=2), "for a few frames it is only held"


async def test_picture_and_sound_stay_together_whatever_they_were(tmp_path: Path) -> None:
    flash = "color=black:s=160x90:r=25,drawbox=c=white:t=fill:enable='gte(n,20)'"
    beep = "aevalsrc='0.5*sin(880*2*PI*t)*gte(t,0.8)':s=22050:d=2"
    source = ("-f", "lavfi", "-i", flash, "-itsoffset", "0.2", "-f", "lavfi", "-i", beep, "-t", "2")
    clip = await made(render(tmp_path / "late.mp4", *source, *X264), wanted(45))
    bright = next(number for number, picture in enumerate(pictures(clip)) if picture.mean() > 120) / 30
    loud = int(np.flatnonzero(np.abs(read(clip)) > 0.1)[0]) / RATE
    assert bright == pytest.approx(0.8, abs=1 / 30)
    assert loud == pytest.approx(1.0, abs=0.02), "the sound of this clip begins 0.2 s after its picture"


async def test_captions_are_burned_in_by_the_same_encode(tmp_path: Path) -> None:
    source = ("-f", "lavfi", "-i", "color=black:s=160x90:r=30", "-frames:v", "16")
    dark = render(tmp_path / "dark.mp4", *source, *X264)
    frames = pictures(await made(dark, wanted(captions=ASS)))
    assert frames[3].max() < 30, "not yet"
    assert frames[9][60:].max() > 200
    assert frames[9][:45].max() < 30
    assert wanted(captions=ASS).key != wanted().key


def test_all_that_decides_how_a_clip_looks_is_in_its_key() -> None:
    plain = plain_mezzanine(a_shot(1.0))
    assert plain == wanted(30, clip_key=a_shot(1.0).clip_key)
    others = [wanted(30), wanted(31), wanted(30, TALL), wanted(30, fit=Fit.CONTAIN), wanted(30, captions=ASS)]
    assert len({plain.key, *(other.key for other in others)}) == 6
