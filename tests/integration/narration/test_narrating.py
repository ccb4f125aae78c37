"""A film's lines are spoken by its characters, and stand where they belong."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import av
import pytest
from pydantic import SecretStr

from domain.errors import ErrorCode, RecastError
from domain.speech import MOST_PACE
from domain.stages import Stage
from domain.voices import SpokenBy
from resources.database import jobs
from resources.database.records import JobOptions
from resources.settings import Settings
from resources.storage import speech_object_key
from resources.video.cameras import Cameras
from resources.voices import sound
from resources.voices.espeak import EspeakVoices
from studio.narrating import Narration, narrator
from studio.work import stage_work
from tests.integration.narration.conftest import ADA, BRUNO, Desk, Running, charges, line, voices

TWICE = "We have rowed the whole night long, and still the harbour does not come any nearer to us."
LONG = "This sentence has a great many more words than anybody could possibly say in the two short seconds it is given."


@pytest.fixture
async def espeak() -> AsyncIterator[EspeakVoices]:
    engine = EspeakVoices(timeout_seconds=20)
    yield engine
    await engine.close()


async def test_each_line_is_said_by_whoever_plays_its_speaker(desk: Desk, espeak: EspeakVoices) -> None:
    made = await desk.plan(
        [line("Did you see that?", 0.5, 3, "Ada"), line("A comet, I think.", 3.5, 6, "Bruno")],
        [line("And nobody said this.", 6, 10)],
    )
    spoken = await made.narrate(espeak)
    placed = await made.spoken()
    assert [one.line.line_id for one in placed] == [1, 2, 3]
    assert [one.line.character_id for one in placed[:2]] == [ADA.character_id, BRUNO.character_id]
    (_, second) = await made.scenes()
    assert second.prompt
    assert placed[2].line.character_id == second.prompt.speaker
    assert [one.start for one in placed] == [0.0, 3.0, 0.0]
    assert placed[0].line.words[0].text == "Did "
    assert (spoken.lines, spoken.cost_usd) == (3, 0)
    assert "narrating" in await made.told()


async def test_the_sound_of_a_line_is_where_its_key_says(desk: Desk, espeak: EspeakVoices, tmp_path: Path) -> None:
    made = await desk.plan([line("Did you see that?", 0, 3, "Ada")])
    await made.narrate(espeak)
    (placed,) = await made.spoken()
    await desk.storage.download(speech_object_key(desk.user_id, placed.line.key), tmp_path / "line.flac")
    with av.open(str(tmp_path / "line.flac")) as container:
        samples = sum(frame.samples for frame in container.decode(audio=0))
    assert samples / 48_000 == pytest.approx(placed.line.seconds, abs=0.001)


async def test_a_scene_that_is_too_short_is_spoken_faster_and_never_cut(desk: Desk, espeak: EspeakVoices) -> None:
    made = await desk.plan([line("Did you really see that comet yesterday?", 0, 2, "Ada")], [line(LONG, 2, 4, "Ada")])
    spoken = await made.narrate(espeak)
    first, second = spoken.scenes
    assert 1 < first.fit.pace <= MOST_PACE
    assert second.fit.pace == MOST_PACE
    assert second.end > second.planned_seconds
    assert second.lines[0].line.text == LONG
    assert second.lines[0].line.words[-1].text == "given."


async def test_a_scene_is_kept_with_the_length_that_its_speech_needs(desk: Desk, espeak: EspeakVoices) -> None:
    made = await desk.plan(
        [line("Did you see that?", 0, 3, "Ada")], [line("— …", 3, 6)], [line(LONG, 6, 8, "Ada")], [line(LONG, 8, 12)]
    )
    spoken = await made.narrate(espeak, clip_seconds=lambda row: 6.0)
    short, silent, crowded, roomy = await made.scenes()
    assert (short.film_seconds, silent.film_seconds, silent.speech) == (3.0, 3.0, ())
    for row in (crowded, roomy):
        assert row.speech
        assert row.film_seconds
        assert row.speech[-1].end <= row.film_seconds + 0.0005 < row.speech[-1].end + 0.002
    # Both have six seconds of film for some seven of speech; where more was planned, as much is said.
    assert [scene.fit.picture.hold_seconds > 0.4 for scene in spoken.scenes] == [False] * 4
    assert "picture_held" not in await made.told()


async def test_a_scene_whose_picture_stands_still_is_told(desk: Desk, espeak: EspeakVoices) -> None:
    made = await desk.plan([line(LONG, 0, 2, "Ada")])
    spoken = await made.narrate(espeak)
    (held,) = await made.events("picture_held")
    assert held.scene_index == 1
    assert held.data["hold_seconds"] == pytest.approx(spoken.scenes[0].fit.picture.hold_seconds, abs=0.001)
    await made.narrate(espeak)
    assert len(await made.events("picture_held")) == 1


async def test_what_a_model_films_beyond_a_scene_is_known_to_its_narrator(desk: Desk, settings: Settings) -> None:
    """minimax/video-01 sells five seconds and no less."""
    made = await desk.plan(
        [line(LONG, 0, 2, "Ada")], options=JobOptions(provider="replicate", model="minimax/video-01")
    )
    spoken = await narrated(made, settings.model_copy(update={"voice_engine": "espeak"}))
    assert spoken
    assert spoken.scenes[0].planned_seconds == 2.0
    assert spoken.scenes[0].fit.picture.used_seconds == 5.0


async def narrated(made: Desk, settings: Settings) -> Narration | None:
    """As the stage does it."""
    by = narrator(settings, made.database, made.storage, Cameras(settings))
    async with made.work() as work:
        return await by.narrate(work)


async def test_a_film_is_spoken_by_whom_it_asks_for(desk: Desk, settings: Settings, speaking: Running) -> None:
    service = {
        "voice_base_url": f"{speaking.url}/openai/v1",
        "voice_service": "openai",
        "voice_api_key": SecretStr("sk-sandbox-1"),
    }
    paid = settings.model_copy(update={"voice_engine": "openai", "voice_model": "tts-1", **service})
    text = f"Did you see that, {uuid4().hex[:6]}?"
    for asked, engines in ((SpokenBy.AUTO, ["openai tts-1"]), (SpokenBy.ESPEAK, ["espeak-ng"]), (SpokenBy.OFF, None)):
        made = await desk.plan([line(text, 0, 5, "Ada")], options=JobOptions(narration=asked))
        spoken = await narrated(made, paid)
        assert (spoken.engines if spoken else None) == engines
        assert [row.speech is None for row in await made.scenes()] == [spoken is None]
    assert len(charges(speaking, text)) == 1


async def test_an_engine_that_is_gone_fails_the_stage_and_is_named(desk: Desk, settings: Settings) -> None:
    made = await desk.plan([line("Hello.", 0, 5, "Ada")], options=JobOptions(narration=SpokenBy.KOKORO))
    with pytest.raises(RecastError, match="no voices by kokoro") as failed:
        await narrated(made, settings.model_copy(update={"voice_engine": "espeak"}))
    assert failed.value.code is ErrorCode.PROVIDER_NOT_CONFIGURED


async def test_every_line_is_told_as_it_is_spoken_and_once(desk: Desk, espeak: EspeakVoices) -> None:
    made = await desk.plan(
        [line("Did you see that?", 0, 3, "Ada"), line("A comet.", 3, 6, "Bruno")], [line("A comet.", 6, 9, "Bruno")]
    )
    await made.narrate(espeak)
    told = await made.events("line_spoken")
    assert {(one.scene_index, one.message) for one in told} == {
        (1, "Line 1 is spoken by Ada"),
        (1, "Line 2 is spoken by Bruno"),
        (2, "Line 3 is spoken by Bruno"),
    }
    assert sorted(one.data["done"] for one in told) == [1, 2, 3]
    assert {one.data["lines"] for one in told} == {3}
    await made.narrate(espeak)
    assert len(await made.events("line_spoken")) == 3


async def test_paid_speech_is_stretched_and_not_bought_again(desk: Desk, speaking: Running) -> None:
    engine = voices(speaking)
    made = await desk.plan([line(LONG, 0, 5, "Ada")])
    spoken = await made.narrate(engine)
    again = await made.narrate(engine)
    await engine.close()
    assert spoken.scenes[0].fit.pace > 1
    (charge,) = charges(speaking, LONG)
    whole = float(charge["input"]["seconds"])  # type: ignore[index]
    assert spoken.seconds == pytest.approx((whole - 0.3) / spoken.scenes[0].fit.pace, rel=0.05)
    assert again.scenes == spoken.scenes


async def test_a_line_that_is_said_twice_in_a_scene_is_stretched_once(
    desk: Desk, speaking: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    stretched: list[float] = []
    stretch = sound.stretch

    async def counted(flac: bytes, pace: float) -> sound.Sound:
        stretched.append(pace)
        return await stretch(flac, pace)

    monkeypatch.setattr(sound, "stretch", counted)
    engine = voices(speaking)
    made = await desk.plan([line(TWICE, 0, 2, "Ada"), line(TWICE, 2, 4, "Ada")])
    spoken = await made.narrate(engine)
    await engine.close()
    assert spoken.scenes[0].fit.pace > 1
    assert len(stretched) == 1


async def test_lines_that_nobody_can_say_are_left_out_and_told(desk: Desk, espeak: EspeakVoices) -> None:
    made = await desk.plan([line("Xu nam.", 0, 3, "Ada"), line("— …", 3, 5, "Ada")], language="qqq")
    spoken = await made.narrate(espeak)
    assert spoken.scenes[0].unspoken == ((1, "espeak-ng does not speak the language “qqq”."),)
    assert await made.spoken() == []
    assert "lines_unspoken" in await made.told()


async def test_a_narration_again_changes_nothing(desk: Desk, espeak: EspeakVoices) -> None:
    made = await desk.plan([line("Did you see that?", 0, 3, "Ada")])
    first = await made.narrate(espeak)
    before = await made.spoken()
    again = await made.narrate(espeak)
    assert (first.bought, again.bought, again.reused) == (1, 0, 1)
    assert await made.spoken() == before


async def test_two_parts_of_one_line_have_its_id(desk: Desk, espeak: EspeakVoices) -> None:
    made = await desk.plan([line("One, two, three. Four, five, six.", 0, 6, "Ada")])
    async with desk.database.connect() as connection:
        await connection.execute(
            """
            update job_scenes set scene = jsonb_set(scene, '{lines}', '[
              {"text": "One, two, three.", "start": 0, "end": 3, "speaker": "Ada"},
              {"text": "Four, five, six.", "start": 3, "end": 6, "speaker": "Ada"}]') where job_id = %s
            """,
            (made.job_id,),
        )
    await made.narrate(espeak)
    assert [one.line.line_id for one in await made.spoken()] == [1, 1]


async def test_a_stage_does_not_start_once_another_of_its_run_has_failed(desk: Desk) -> None:
    made = await desk.plan([line("Did you see that?", 0, 3, "Ada")])
    failed = RecastError(ErrorCode.SCENES_FAILED, "1 of 1 scenes failed.")
    with pytest.raises(RecastError, match="1 of 1"):
        async with stage_work(made.database, made.job_id, Stage.CLIPS, run_id="run-1", launch_number=None):
            raise failed
    with pytest.raises(RecastError, match="Another stage of this run") as refused:
        async with stage_work(made.database, made.job_id, Stage.NARRATION, run_id="run-1", launch_number=None):
            pass
    assert refused.value.code is ErrorCode.CONFLICT
    async with made.database.connect() as connection:
        job = await jobs.find_job(connection, made.job_id)
    assert job
    assert (job.status.value, job.error_code) == ("failed", "SCENES_FAILED")
    async with stage_work(made.database, made.job_id, Stage.NARRATION, run_id="run-2", launch_number=None) as work:
        assert work.job.status.value == "running"
