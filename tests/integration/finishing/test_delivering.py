"""A film from its filmed scenes, delivered again and again, each time made anew only where it has changed."""

import asyncio
import hashlib
import io
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from uuid import uuid4

import av
import pytest
from PIL import Image

from domain.caption_styles import CaptionStyle
from domain.errors import ErrorCode, RecastError
from domain.finish import Finish, Fit, Music, Transition, TransitionKind
from domain.music import Piece
from domain.speech import PlacedLine, SpokenLine
from domain.states import JobStatus
from resources.database import scenes, uploads
from resources.database.records import UploadKind
from resources.media import probe
from resources.storage import MP4, mezzanine_object_key, source_object_key, speech_object_key, upload_object_key
from studio import progress
from studio.captioning import captions_of
from studio.mezzanines import make_mezzanine, wanted_mezzanine
from tests.integration.finishing.clips import pictures, render
from tests.integration.finishing.conftest import FRAMES, Film, plain
from tests.integration.sound.sounds import level_db, read, tone, write

MakeFilm = Callable[..., Awaitable[Film]]
CROSSFADE = Transition(kind=TransitionKind.CROSSFADE, seconds=0.2)


def chapters_of(film: Path) -> Sequence[tuple[str, float]]:
    with av.open(str(film)) as container:
        return [(one["metadata"]["title"], float(one["start"] * one["time_base"])) for one in container.chapters()]


async def test_a_film_has_its_scenes_their_sound_chapters_a_poster_and_thumbnails(
    a_film: MakeFilm, tmp_path: Path
) -> None:
    film = await a_film(3, ["Opening", "Opening"])
    delivery = await film.deliver()
    assert (delivery.encoded_clips, delivery.encoded_transitions, delivery.mixed) == (0, 0, True)
    result = delivery.result
    assert (result.delivery, result.scenes, result.width, result.height) == (1, 3, 720, 720)
    assert result == (await film.job()).result
    path = await film.fetch(tmp_path / "film.mp4", result.s3_version)
    assert (probe(path).frames, probe(path).start_time) == (3 * FRAMES, 0)
    assert chapters_of(path) == [("Opening", 0.0), ("This is sentence number 3.", 4.0)]
    heard = read(path)
    assert level_db(heard[96_000:98_400], 880) > -20 > level_db(heard[120_000:130_000], 880)
    assert delivery.inspection.is_as_loud_as_wanted
    assert max(delivery.inspection.offsets) < 1 / 30
    assert result.poster_key
    poster = Image.open(io.BytesIO(await film.storage.get_version(result.poster_key, result.poster_version)))
    assert (poster.format, poster.size) == ("JPEG", (720, 720))
    assert [one.scene for one in result.thumbnails] == [1, 2, 3]
    for one in result.thumbnails:
        picture = Image.open(io.BytesIO(await film.storage.get_bytes(one.s3_key)))
        assert (picture.format, picture.size) == ("WEBP", (320, 320))


async def test_only_what_a_change_of_the_finish_changes_is_made_anew(a_film: MakeFilm, tmp_path: Path) -> None:
    film = await a_film(3)
    first = await film.deliver()
    again = await film.deliver()
    assert (again.encoded_clips, again.encoded_transitions, again.mixed) == (0, 0, False)
    assert again.result.sha256 == first.result.sha256
    assert again.result.delivery == 2
    faded = await film.deliver(plain(transition=CROSSFADE))
    assert (faded.encoded_clips, faded.encoded_transitions, faded.mixed) == (0, 2, False)
    turned = await film.deliver(plain(transition=CROSSFADE, order=(2, 3, 1)))
    assert (turned.encoded_clips, turned.encoded_transitions) == (0, 1)
    music = Music(piece=Piece.NIGHT)
    scored = await film.deliver(plain(transition=CROSSFADE, music=music))
    assert (scored.encoded_clips, scored.encoded_transitions, scored.mixed) == (0, 0, True)
    assert scored.result.finish == plain(transition=CROSSFADE, music=music)
    old = await film.fetch(tmp_path / "old.mp4", first.result.s3_version)
    assert hashlib.sha256(old.read_bytes()).hexdigest() == first.result.sha256


async def test_a_change_of_a_film_is_followed_from_its_beginning_to_its_end(
    a_film: MakeFilm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "WRITE_SECONDS", 0.02)
    film = await a_film(3)
    await film.deliver()
    await film.connection.execute("update jobs set first_stage = 'final_mp4' where id = %s", (film.job_id,))
    changing = asyncio.ensure_future(film.deliver(Finish(captions=CaptionStyle.BOXED, transition=CROSSFADE)))
    seen = [0]
    while not (await asyncio.wait({changing}, timeout=0.02))[0]:
        job = await film.job()
        if job.status is JobStatus.RUNNING:
            seen.append(job.progress)
    changing.result()
    shown = sorted(set(seen))
    assert seen == sorted(seen)
    assert len([percent for percent in shown if 0 < percent < 40]) >= 2, "while clips are encoded"
    assert len([percent for percent in shown if 40 <= percent <= 80]) >= 2, "while it is put together"
    assert shown[-1] > 80, "while it is looked through"


async def test_scenes_can_change_places_and_be_left_out(a_film: MakeFilm, tmp_path: Path) -> None:
    film = await a_film(3)
    delivery = await film.deliver(plain(order=(3, 1)))
    path = await film.fetch(tmp_path / "film.mp4")
    assert (delivery.result.scenes, probe(path).frames) == (2, 2 * FRAMES)
    assert chapters_of(path) == [("This is sentence number 3.", 0.0), ("This is sentence number 1.", 2.0)]
    assert [one.scene for one in delivery.result.thumbnails] == [3, 1]


async def test_a_scene_lasts_as_long_as_what_is_said_in_it(a_film: MakeFilm, tmp_path: Path) -> None:
    film = await a_film(2)
    spoken = write(tmp_path / "line.wav", tone(440, 1.5))
    await film.storage.put_bytes(speech_object_key(film.user_id, "k"), spoken.read_bytes(), "audio/flac")
    line = SpokenLine(line_id=1, character_id=None, text="Hello.", key="k", seconds=1.5)
    first, second = await film.rows()
    said = first.model_copy(update={"speech": (PlacedLine(line=line, start=1.25),), "film_seconds": 3.0})
    delivery = await film.deliver_scenes([said, second])
    assert (delivery.encoded_clips, delivery.mixed) == (1, True)
    path = await film.fetch(tmp_path / "film.mp4")
    assert probe(path).frames == 90 + FRAMES
    heard = read(path)
    assert level_db(heard[round(1.3 * 48_000) : round(2.7 * 48_000)], 440) > -20
    assert level_db(heard[: round(1.2 * 48_000)], 880) < -60, "where somebody speaks, clips are silent unless asked"
    kept = await film.deliver_scenes([said, second])
    assert (kept.encoded_clips, kept.mixed) == (0, False)


async def arrive(film: Film, folder: Path, captions: CaptionStyle) -> None:
    """The clip of the film's first scene comes from its provider, a moving bar on grey, and is encoded with captions:
    as `ClipGoods.receive` keeps both."""
    bar = "color=0x404040:s=720x720:r=30,drawbox=x=0:y=0:w=t*100:h=20:color=white:t=fill"
    encoding = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
    source = render(folder / "source.mp4", "-f", "lavfi", "-i", bar, "-t", "2.5", *encoding)
    await film.finish(Finish(captions=captions))
    row = (await film.rows())[0]
    assert row.clip_key
    async with film.work() as work:
        burned_in = (await captions_of(work, None)).burned_in
        wanted = wanted_mezzanine(row, work.job.options, row.clip_key, burned_in)
    made, _ = await make_mezzanine(source, wanted, folder / "made.mp4")
    await film.storage.delete_folder(f"users/{film.user_id}/clips/{row.clip_key}/")
    await film.storage.upload(source, source_object_key(film.user_id, row.clip_key), MP4)
    key = mezzanine_object_key(film.user_id, row.clip_key, wanted.key)
    await film.storage.upload(made, key, MP4)
    await film.connection.execute("update job_scenes set s3_key = %s where id = %s", (key, row.id))


async def test_captions_that_are_taken_away_are_gone_from_the_picture(a_film: MakeFilm, tmp_path: Path) -> None:
    film = await a_film(1)
    await arrive(film, tmp_path, CaptionStyle.CLEAN)
    captioned = await film.deliver()
    assert captioned.encoded_clips == 0
    lower = pictures(await film.fetch(tmp_path / "captioned.mp4"))[30][400:]
    assert (lower > 200).any()
    bare = await film.deliver(plain())
    assert bare.encoded_clips == 1
    picture = pictures(await film.fetch(tmp_path / "bare.mp4"))[30]
    assert not (picture[400:] > 200).any()
    assert (picture[:15] > 200).any()


async def test_captions_are_burned_in_once_and_stored_beside_the_film(a_film: MakeFilm) -> None:
    film = await a_film(2)
    silent = await film.deliver()
    assert silent.result.captions, "the files are there whatever the picture shows"
    vtt = (await film.storage.get_bytes(silent.result.captions.vtt_key)).decode()
    srt = (await film.storage.get_bytes(silent.result.captions.srt_key)).decode()
    assert vtt.startswith("WEBVTT")
    assert "00:00:02.000 --> " in vtt
    assert "This is sentence number 2." in srt
    captioned = await film.deliver(Finish(captions=CaptionStyle.BOXED))
    assert (captioned.encoded_clips, captioned.mixed) == (2, False)
    assert captioned.result.captions == silent.result.captions
    assert captioned.result.sha256 != silent.result.sha256
    assert (await film.deliver(Finish(captions=CaptionStyle.CLEAN))).encoded_clips == 2
    again = await film.deliver(Finish(captions=CaptionStyle.BOXED))
    assert (again.encoded_clips, again.result.sha256) == (0, captioned.result.sha256)


async def test_a_clip_of_the_shape_of_the_film_is_not_encoded_again_to_fit_it_otherwise(a_film: MakeFilm) -> None:
    film = await a_film(1)
    assert (await film.deliver(plain(fit=Fit.CONTAIN))).encoded_clips == 0


async def test_a_film_waits_for_its_last_clip(a_film: MakeFilm) -> None:
    film = await a_film(2)
    await scenes.requeue_scene(film.connection, (await film.rows())[1].id)
    with pytest.raises(RecastError, match="without a clip: 2") as raised:
        await film.deliver()
    assert raised.value.code is ErrorCode.SCENES_FAILED


async def test_a_broken_clip_is_named_by_its_scene_and_the_film_before_stands(
    a_film: MakeFilm, clip: Path, tmp_path: Path
) -> None:
    film = await a_film(2)
    await film.deliver()
    row = (await film.rows())[1]
    beginning = clip.read_bytes()[:20_000]  # noqa: ASYNC240 - a test
    await film.storage.put_bytes(row.s3_key or "", beginning, "video/mp4")
    with pytest.raises(RecastError, match="scene 2") as raised:
        await film.deliver(plain(order=(2, 1)))
    assert raised.value.code is ErrorCode.STITCH_FAILED
    job = await film.job()
    assert job.result
    assert job.result.delivery == 1
    assert job.status == "succeeded", "it was delivered once, and that film is still there"


async def test_what_is_lost_is_named_by_its_scene(a_film: MakeFilm) -> None:
    film = await a_film(2)
    first, second = await film.rows()
    line = SpokenLine(line_id=1, character_id=None, text="Hello.", key="k", seconds=1.0)
    said = second.model_copy(update={"speech": (PlacedLine(line=line, start=0.0),)})
    with pytest.raises(RecastError, match="said in scene 2 is lost") as raised:
        await film.deliver_scenes([first, said])
    assert raised.value.code is ErrorCode.STITCH_FAILED
    gone = second.model_copy(update={"clip_key": "f" * 64, "s3_key": "users/nobody/clip.mp4"})
    with pytest.raises(RecastError, match="clip of scene 2") as raised:
        await film.deliver_scenes([first, gone])
    assert raised.value.code is ErrorCode.STITCH_FAILED


async def test_music_must_be_an_upload_of_the_same_user(a_film: MakeFilm, tmp_path: Path) -> None:
    film, other = await a_film(1), await a_film(1)
    tune = write(tmp_path / "tune.wav", tone(330, 4.0)).read_bytes()
    upload_id = uuid4()
    key = upload_object_key(film.user_id, upload_id)
    stored = await film.storage.put_bytes(key, tune, "audio/wav")
    assert await uploads.insert_upload(
        film.connection,
        upload_id=upload_id,
        user_id=film.user_id,
        kind=UploadKind.MUSIC,
        filename="tune.wav",
        content_type="audio/wav",
        size_bytes=len(tune),
        sha256=None,
        s3_key=key,
        max_pending=5,
    )
    with pytest.raises(RecastError, match="not among your uploads"):
        await film.deliver(plain(music=Music(upload_key=key)))
    assert await uploads.complete_upload(film.connection, upload_id, stored.version, None)
    delivery = await film.deliver(plain(music=Music(upload_key=key)))
    assert delivery.inspection.is_as_loud_as_wanted
    assert level_db(read(await film.fetch(tmp_path / "film.mp4"))[24_000:72_000], 330) > -30
    with pytest.raises(RecastError, match="not among your uploads") as raised:
        await other.deliver(plain(music=Music(upload_key=key)))
    assert raised.value.code is ErrorCode.MEDIA_REJECTED
