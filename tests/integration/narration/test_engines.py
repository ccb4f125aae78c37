"""Engines speak: real espeak-ng in a process of its own, and OpenAI's protocol with the real client."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from io import BytesIO
from uuid import uuid4

import av
import pytest

from domain.characters import Voice
from domain.errors import ErrorCode, RecastError
from resources.video.protocol import BusyError, OutcomeUnknownError
from resources.voices import sound
from resources.voices.espeak import EspeakVoices
from resources.voices.protocol import Speech, VoiceEngine
from tests.integration.narration.conftest import Running, charges, voices

ADA = Voice(name="en-gb+f3", pitch=48, rate=46)
TEXT = "Did you see that? It was a comet, I think."


@pytest.fixture
async def espeak() -> AsyncIterator[EspeakVoices]:
    engine = EspeakVoices(timeout_seconds=20)
    yield engine
    await engine.close()


async def say(
    engine: VoiceEngine, text: str = TEXT, *, voice: Voice = ADA, language: str = "en", pace: float = 1.0
) -> Speech:
    return await engine.speak(text, engine.voice_of(voice, language), pace=pace)


def facts(flac: bytes) -> tuple[int, int, str]:
    with av.open(BytesIO(flac)) as container:
        stream = container.streams.audio[0]
        return stream.rate, stream.channels, stream.codec_context.name


async def test_a_line_is_spoken_with_the_times_of_its_words(espeak: EspeakVoices) -> None:
    spoken = await say(espeak)
    assert facts(spoken.flac) == (48_000, 1, "flac")
    assert 1.5 < spoken.seconds < 5
    assert [word.text.strip() for word in spoken.words] == TEXT.split()
    assert spoken.words[0].start < 0.2
    assert spoken.words[-1].end == pytest.approx(spoken.seconds, abs=0.01)


async def test_voices_differ_and_faster_is_shorter(espeak: EspeakVoices) -> None:
    plain, fast = await say(espeak), await say(espeak, pace=1.25)
    assert 0.7 < fast.seconds / plain.seconds < 0.87
    deep = await say(espeak, voice=Voice(name="en-us+m2", pitch=5, rate=46))
    assert deep.flac != plain.flac


@pytest.mark.parametrize(
    ("language", "text"),
    [("de", "Guten Tag."), ("zh-Hans", "你好，世界。"), ("no", "God dag."), ("und", "Hello."), ("ar", "مرحبا بالعالم")],
)
async def test_a_voice_speaks_the_language_of_the_script(espeak: EspeakVoices, language: str, text: str) -> None:
    assert (await say(espeak, text, language=language)).seconds > 0.3


async def test_a_language_that_nobody_speaks_is_refused(espeak: EspeakVoices) -> None:
    with pytest.raises(RecastError, match="does not speak the language “qqq”") as refused:
        await say(espeak, language="qqq")
    assert refused.value.code is ErrorCode.PROVIDER_INPUT_INVALID


async def test_a_process_that_was_killed_is_replaced(espeak: EspeakVoices) -> None:
    first = await say(espeak)
    process = espeak._child._process
    assert process
    os.kill(process.pid, signal.SIGKILL)
    again = await say(espeak)
    assert again.seconds == first.seconds


async def test_many_lines_at_once_do_not_mix(espeak: EspeakVoices) -> None:
    texts = ["One.", "One, two.", "One, two, three.", "One, two, three, four."]
    spoken = await asyncio.gather(*(say(espeak, text) for text in texts))
    assert [one.seconds for one in spoken] == sorted(one.seconds for one in spoken)


async def test_speech_is_stretched_without_a_change_of_its_pitch(espeak: EspeakVoices) -> None:
    spoken = await say(espeak)
    fast = await sound.stretch(spoken.flac, 1.2)
    assert fast.seconds == pytest.approx(spoken.seconds / 1.2, rel=0.03)
    assert facts(fast.flac) == (48_000, 1, "flac")


@pytest.mark.parametrize("content", [b"", b"not a sound", b"#EXTM3U\n/etc/passwd\n"])
async def test_what_is_no_sound_is_told(content: bytes) -> None:
    with pytest.raises(sound.NoSpeech):
        await sound.keep(content)


@pytest.mark.parametrize("model", ["tts-1", "gpt-4o-mini-tts"])
async def test_a_service_speaks_a_line_and_charges_it_once(speaking: Running, model: str) -> None:
    text = f"{TEXT} {uuid4()}"
    engine = voices(speaking, model)
    spoken = await say(engine, text)
    await engine.close()
    assert facts(spoken.flac) == (48_000, 1, "flac")
    assert spoken.request_id
    (charge,) = charges(speaking, text)
    assert charge["id"] == spoken.request_id
    # The silence around the words is cut off.
    assert 0.2 < float(charge["input"]["seconds"]) - spoken.seconds < 0.4  # type: ignore[index]
    asked = charge["input"]
    assert isinstance(asked, dict)
    assert (asked["voice"], bool(asked["instructions"])) == ("coral", model == "gpt-4o-mini-tts")


@pytest.mark.parametrize(
    ("word", "error", "code", "charged"),
    [
        ("402", RecastError, ErrorCode.PROVIDER_QUOTA, 0),
        ("422", RecastError, ErrorCode.PROVIDER_INPUT_INVALID, 0),
        ("429", BusyError, ErrorCode.PROVIDER_BUSY, 0),
        ("refuse", RecastError, ErrorCode.CONTENT_REJECTED, 0),
        ("500", OutcomeUnknownError, ErrorCode.OUTCOME_UNKNOWN, 0),
        ("500-after-accepting", OutcomeUnknownError, ErrorCode.OUTCOME_UNKNOWN, 1),
        ("dropped-after-accepting", OutcomeUnknownError, ErrorCode.OUTCOME_UNKNOWN, 1),
        ("corrupt-output", OutcomeUnknownError, ErrorCode.OUTCOME_UNKNOWN, 1),
    ],
)
async def test_a_failure_says_whether_anything_may_be_paid(
    speaking: Running, word: str, error: type[RecastError], code: ErrorCode, charged: int
) -> None:
    text = f"Hello {uuid4()}. [[{word}]]"
    engine = voices(speaking)
    with pytest.raises(error) as failed:
        await say(engine, text)
    await engine.close()
    assert failed.value.code is code
    assert len(charges(speaking, text)) == charged


async def test_an_answer_that_never_comes_is_given_up(speaking: Running) -> None:
    engine = voices(speaking, timeout_seconds=0.5)
    with pytest.raises(OutcomeUnknownError):
        await say(engine, f"Hello {uuid4()}. [[timeout-after-accepting]]")
    await engine.close()


async def test_an_answer_that_trickles_in_is_given_up_in_time(speaking: Running) -> None:
    engine = voices(speaking, timeout_seconds=1.0)
    with pytest.raises(OutcomeUnknownError, match="no whole answer"):
        await say(engine, f"Hello {uuid4()}. [[endless-output]]")
    await engine.close()


async def test_a_wrong_key_is_named_and_not_shown(speaking: Running) -> None:
    engine = voices(speaking, key="sk-proj-abcdefghijklmnop")
    with pytest.raises(RecastError) as refused:
        await say(engine)
    await engine.close()
    assert refused.value.code is ErrorCode.PROVIDER_NOT_CONFIGURED
    assert "abcdefgh" not in f"{refused.value.cause} {refused.value.detail}"
