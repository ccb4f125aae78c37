"""OpenAI's transcriptions on the wire: what each model is asked for, and how its answer is read."""

from pathlib import Path
from typing import Any

import pytest

from domain.errors import ErrorCode, RecastError
from resources.speech import openai
from resources.speech.engines import ending, known_models
from resources.speech.protocol import EngineProfile
from resources.video.protocol import BusyError, OutcomeUnknownError
from tests.integration.listening.conftest import Service, engine, verbose


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    path = tmp_path / "chunk.mp3"
    path.write_bytes(b"ID3 not really")
    return path


def like(model: str) -> dict[str, Any]:
    return known_models()[model].model_dump()


async def test_whisper_1_is_asked_for_the_times_of_words_and_segments(service: Service, audio: Path) -> None:
    answer = await engine(service, **like("whisper-1")).transcribe(audio, seconds=2.0, language="en")
    (call,) = service.calls
    assert call["path"] == "/v1/audio/transcriptions"
    assert call["authorization"] == "Bearer sk-test-0123456789"
    assert call["fields"] == {
        "model": ["whisper-1"],
        "response_format": ["verbose_json"],
        "timestamp_granularities[]": ["word", "segment"],
        "language": ["en"],
    }
    assert answer.request_id == "req_1"
    assert not answer.heard.times_are_estimated
    assert answer.heard.language == "en"
    # The times are the words', the capital and the full stop the segment's.
    assert [word.start for word in answer.heard.words] == [0.0, 0.5, 1.0, 1.5]
    assert answer.heard.words[0].text.startswith("W")
    assert answer.heard.words[-1].text.endswith(".")


async def test_the_diarizing_model_tells_who_speaks(service: Service, audio: Path) -> None:
    said = [(0.0, 2.0, "Hello there.", "A"), (2.0, 4.0, " Good day.", "B")]
    segments = [
        {"type": "transcript.text.segment", "id": str(start), "start": start, "end": end, "text": text, "speaker": who}
        for start, end, text, who in said
    ]
    service.answer = lambda call: {"task": "transcribe", "duration": 4.0, "text": "x", "segments": segments}
    answer = await engine(service, **like("gpt-4o-transcribe-diarize")).transcribe(audio, seconds=2.0, language=None)
    assert service.calls[0]["fields"] == {
        "model": ["gpt-4o-transcribe-diarize"],
        "response_format": ["diarized_json"],
        "chunking_strategy": ["auto"],
    }
    assert [(word.text, word.speaker) for word in answer.heard.words] == [
        ("Hello", "A"), ("there.", "A"), ("Good", "B"), ("day.", "B"),
    ]  # fmt: skip


@pytest.mark.parametrize("model", ["gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-transcribe"])
async def test_models_that_tell_no_times_are_asked_for_text(service: Service, audio: Path, model: str) -> None:
    service.answer = lambda call: {"text": "Hello there.", "languages": [{"code": "en"}]}
    answer = await engine(service, **like(model)).transcribe(audio, seconds=11.0, language=None)
    assert service.calls[0]["fields"] == {"model": [model], "response_format": ["json"]}
    # In proportion to their letters: such an answer says nothing of times, nor how long the audio is.
    assert [(word.text, word.start) for word in answer.heard.words] == [("Hello", 0.0), ("there.", 5.0)]
    assert answer.heard.words[-1].end == 11.0
    assert answer.heard.times_are_estimated
    assert answer.heard.language == "en"


async def test_the_client_never_repeats_a_call_by_itself(service: Service, audio: Path) -> None:
    service.troubles = [(500, "server_error")] * 5
    with pytest.raises(OutcomeUnknownError):
        await engine(service).transcribe(audio, seconds=2.0, language=None)
    assert len(service.calls) == 1


async def test_a_service_that_is_not_there_was_never_asked(service: Service, audio: Path) -> None:
    away = openai.OpenAITranscriptions(
        EngineProfile.model_validate(like("whisper-1")),
        base_url="http://127.0.0.1:9/v1",
        api_key=None,
        timeout_seconds=5,
        at_once=1,
    )
    with pytest.raises(BusyError):
        await away.transcribe(audio, seconds=2.0, language=None)


async def test_an_answer_that_takes_too_long_may_have_to_be_paid(service: Service, audio: Path) -> None:
    import threading

    service.hold = threading.Event()
    with pytest.raises(OutcomeUnknownError):
        await engine(service, timeout_seconds=0.3).transcribe(audio, seconds=2.0, language=None)
    service.hold.set()


async def test_an_answer_that_is_no_json_is_no_answer(service: Service, audio: Path) -> None:
    service.answer = lambda call: {"text": ["?"]}
    with pytest.raises(OutcomeUnknownError):
        await engine(service).transcribe(audio, seconds=2.0, language=None)


async def test_words_alone_are_enough(service: Service, audio: Path) -> None:
    service.answer = lambda call: {**verbose(call), "segments": None}
    assert len((await engine(service).transcribe(audio, seconds=2.0, language=None)).heard.words) == 4


def test_every_listed_model_has_a_dated_price() -> None:
    for profile in known_models().values():
        assert profile.usd_per_minute > 0
        assert profile.priced_on
        assert profile.source
        assert profile.max_bytes <= 25 * 1024 * 1024


def test_the_end_of_a_model_is_told_in_time() -> None:
    from datetime import date

    old, new = known_models()["whisper-1"], known_models()["gpt-transcribe"]
    assert ending(old, date(2026, 8, 1)) is None
    assert "in 30 days (2027-02-26)" in (ending(old, date(2027, 1, 27)) or "")
    assert "by now" in (ending(old, date(2027, 3, 1)) or "")
    assert ending(new, date(2030, 1, 1)) is None


def test_a_model_that_nobody_knows_needs_a_price() -> None:
    with pytest.raises(RecastError) as refused:
        openai.profile_of("Systran/faster-whisper-small", known_models(), None)
    assert refused.value.code is ErrorCode.UNKNOWN_MODEL
    assert "RECAST_WHISPER_USD_PER_MINUTE" in (refused.value.cause or "")
