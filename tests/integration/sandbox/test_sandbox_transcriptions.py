"""The sandbox's transcriptions, asked for by the real OpenAI client: they hear what espeak-ng has said."""

import io
import re
import wave
from decimal import Decimal
from math import ceil
from pathlib import Path

import httpx
import jiwer
import numpy as np
import pytest
from openai import (
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    NotFoundError,
    OpenAI,
    RateLimitError,
)

from sandbox.billing import read_charges
from sandbox.openai.transcription_models import LISTENERS, MAX_BYTES
from sandbox.youtube.soundtrack import ENCODINGS, Soundtrack, make
from sandbox.youtube.videos import library

KEY = "sk-sandbox-1"
MOST_WRONG_WORDS = 0.35
"""The demo measured 0.16 with tiny.en."""


def client(sandbox, key=KEY, **options):
    return OpenAI(api_key=key, base_url=f"{sandbox.url}/openai/v1", **{"max_retries": 0, "timeout": 120, **options})


@pytest.fixture(scope="session")
def speech(tmp_path_factory) -> Path:
    """The demo as m4a: 47 seconds, two speakers."""
    path = tmp_path_factory.mktemp("speech") / "demo.m4a"
    make(Soundtrack("demo0000001", "en", library()["demo0000001"].length_seconds), ENCODINGS[0], path)
    return path


@pytest.fixture(scope="session")
def sentence(tmp_path_factory) -> Path:
    """The demo's first seven seconds."""
    path = tmp_path_factory.mktemp("speech") / "sentence.webm"
    make(Soundtrack("demo0000001", "en", 7), ENCODINGS[1], path)
    return path


def tone(seconds, name="tone.wav"):
    """A tiny WAV, for what is decided before anybody listens."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writing:
        writing.setnchannels(1)
        writing.setsampwidth(1)
        writing.setframerate(1000)
        writing.writeframes(bytes([128]) * round(seconds * 1000))
    return name, file.getvalue()


def transcribe(sandbox, file, model="whisper-1", options=None, **more):
    with client(sandbox, **(options or {})) as asking:
        return asking.audio.transcriptions.create(model=model, file=file, **more)


def plain(text):
    return re.sub(r"[^a-z' ]", " ", text.lower().replace("’", "'")).split()


def test_what_is_said_in_a_video_is_heard_again(sandbox, speech):
    heard = transcribe(
        sandbox, speech, response_format="verbose_json", timestamp_granularities=["word", "segment"], language="en"
    )
    video = library()["demo0000001"]
    said = plain(" ".join(item.text for item in video.texts["en"] if not item.is_sound))
    assert jiwer.wer(" ".join(said), " ".join(plain(heard.text))) < MOST_WRONG_WORDS
    assert (heard.language, heard.usage.type, heard.usage.seconds) == ("english", "duration", ceil(heard.duration))
    assert heard.duration == pytest.approx(video.length_seconds, abs=0.5)
    assert [segment.id for segment in heard.segments] == list(range(len(heard.segments)))
    assert all(segment.tokens and segment.avg_logprob < 0 for segment in heard.segments)
    assert all(0 <= segment.no_speech_prob <= 1 < segment.compression_ratio + 1 for segment in heard.segments)
    times = [(word.start, word.end) for word in heard.words]
    assert times == sorted(times)
    assert abs(heard.words[0].start - video.slots[0].start) < 1
    assert abs(len(heard.words) - len(said)) < len(said) * MOST_WRONG_WORDS


def test_speakers_are_told_apart_by_the_diarizing_model(sandbox, speech):
    heard = transcribe(
        sandbox, speech, "gpt-4o-transcribe-diarize", response_format="diarized_json", chunking_strategy="auto"
    )
    assert heard.task == "transcribe"
    assert {segment.type for segment in heard.segments} == {"transcript.text.segment"}
    assert heard.segments[0].speaker == "A"
    assert len({segment.speaker for segment in heard.segments}) >= 2


def test_every_form_of_an_answer_is_the_model_s_own(sandbox, sentence):
    assert "-->" not in transcribe(sandbox, sentence, response_format="text")
    assert re.match(r"1\n00:00:0\d,\d{3} --> 00:00:0\d,\d{3}\n\S", transcribe(sandbox, sentence, response_format="srt"))
    assert transcribe(sandbox, sentence, response_format="vtt").startswith("WEBVTT\n\n00:00:0")
    plain_json = transcribe(sandbox, sentence, "gpt-4o-mini-transcribe")
    assert plain_json.text
    assert plain_json.usage.input_token_details.audio_tokens == 70
    newest = transcribe(sandbox, sentence, "gpt-transcribe", keywords=["roof"], languages=["en"])
    assert [language.code for language in newest.languages] == ["en"]
    only_segments = transcribe(sandbox, sentence, response_format="verbose_json")
    assert only_segments.segments
    assert only_segments.words is None


@pytest.mark.parametrize("listener", LISTENERS, ids=lambda listener: listener.name)
def test_a_model_refuses_the_forms_that_it_does_not_have(sandbox, listener):
    forms = {"json", "text", "srt", "vtt", "verbose_json", "diarized_json"}
    for form in forms - set(listener.formats):
        with pytest.raises(BadRequestError) as refusal:
            transcribe(sandbox, tone(1), listener.name, response_format=form)
        assert (refusal.value.param, refusal.value.code) == ("response_format", "unsupported_value")


@pytest.mark.parametrize(
    ("model", "more", "param"),
    [
        ("gpt-4o-transcribe-diarize", {"prompt": "Ada and Bruno"}, "prompt"),
        ("gpt-4o-transcribe", {"timestamp_granularities": ["word"]}, "timestamp_granularities"),
        ("whisper-1", {"timestamp_granularities": ["word"]}, "timestamp_granularities"),
        ("whisper-1", {"keywords": ["roof"]}, "keywords"),
        ("whisper-1", {"temperature": 2}, "temperature"),
    ],
)
def test_what_a_model_does_not_take_is_refused(sandbox, model, more, param):
    with pytest.raises(BadRequestError) as refusal:
        transcribe(sandbox, tone(1), model, **more)
    assert refusal.value.param == param
    assert refusal.value.request_id.startswith("req_")


def test_a_file_over_25_megabytes_is_too_large(sandbox):
    with pytest.raises(APIStatusError) as refusal:
        transcribe(sandbox, ("long.mp3", bytes(MAX_BYTES + 1)), options={"max_retries": 2})
    assert refusal.value.status_code == 413


def test_models_have_limits_of_length(sandbox):
    with pytest.raises(BadRequestError, match=r"longer than 1400 seconds") as refusal:
        transcribe(sandbox, tone(1401), "gpt-4o-transcribe")
    assert refusal.value.code == "invalid_value"
    with pytest.raises(BadRequestError) as refusal:
        transcribe(sandbox, tone(31), "gpt-4o-transcribe-diarize")
    assert refusal.value.param == "chunking_strategy"
    with pytest.raises(BadRequestError) as refusal:
        transcribe(sandbox, tone(0.05))
    assert refusal.value.code == "audio_too_short"


def test_what_is_no_audio_is_refused(sandbox):
    with pytest.raises(BadRequestError, match="Invalid file format"):
        transcribe(sandbox, ("words.txt", b"Hello."))
    with pytest.raises(BadRequestError, match="corrupted or unsupported"):
        transcribe(sandbox, ("words.mp3", b"Hello." * 100))
    answer = httpx.post(
        f"{sandbox.url}/openai/v1/audio/transcriptions",
        data={"model": "whisper-1"},
        files={"other": b""},
        headers={"authorization": f"Bearer {KEY}"},
    )
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "file")


def test_wrong_keys_and_models_are_refused(sandbox):
    with pytest.raises(AuthenticationError) as refusal:
        transcribe(sandbox, tone(1), options={"key": "sk-proj-1234567890abcdef"})
    assert refusal.value.code == "invalid_api_key"
    with pytest.raises(NotFoundError):
        transcribe(sandbox, tone(1), "whisper-9")


@pytest.mark.parametrize(
    ("word", "error", "code"),
    [
        ("429", RateLimitError, "rate_limit_exceeded"),
        ("402", RateLimitError, "insufficient_quota"),
        ("422", BadRequestError, "invalid_value"),
        ("500", InternalServerError, None),
        ("fail", InternalServerError, None),
    ],
)
def test_a_word_in_the_prompt_or_the_file_s_name_brings_trouble(sandbox, word, error, code):
    for asked in ({"file": tone(1), "prompt": f"[[{word}]]"}, {"file": tone(1, f"chunk [[{word}]].wav")}):
        with pytest.raises(error) as failure:
            transcribe(sandbox, **asked)
        assert failure.value.code == code
        assert ("retry-after" in failure.value.response.headers) == (word == "429")


def test_trouble_comes_at_a_rate_and_goes(start, sentence):
    with start() as running:
        httpx.post(f"{running.url}/faults", json={"rates": {"500": 1}})
        with pytest.raises(InternalServerError):
            transcribe(running, sentence)
        httpx.delete(f"{running.url}/faults")
        assert transcribe(running, sentence).text


def test_only_what_was_heard_is_charged_also_when_the_answer_is_lost(start, sentence):
    with start(slow_seconds=1) as running:
        with pytest.raises(InternalServerError):
            transcribe(running, sentence, prompt="[[500]]")
        with pytest.raises(InternalServerError):
            transcribe(running, sentence, prompt="[[500-after-accepting-once]]")
        assert transcribe(running, sentence, prompt="[[500-after-accepting-once]]").text
        charges = read_charges(running.settings.data_dir)
        bill = httpx.get(f"{running.url}/billing?service=openai").json()
        assert len(charges) == 2
        assert {charge.amount for charge in charges} == {Decimal("0.0007")}
        assert bill["totals"]["by_service"] == {"openai": "0.0014"}
        assert httpx.get(f"{running.url}/billing/duplicates?service=openai").json()["count"] == 1
        with pytest.raises(APITimeoutError):
            transcribe(running, sentence, prompt="[[slow]]", options={"timeout": 0.9})


def test_without_weights_it_says_what_to_install(start, tmp_path):
    with start(whisper_path=tmp_path / "none") as running, pytest.raises(InternalServerError) as failure:
        transcribe(running, tone(1))
    assert failure.value.status_code == 503
    assert "RECAST_SANDBOX_WHISPER_PATH" in failure.value.message


def test_noise_is_no_reason_to_fail(sandbox):
    noise = np.random.default_rng(7).integers(100, 156, 16000, np.uint8)
    file = io.BytesIO()
    with wave.open(file, "wb") as writing:
        writing.setnchannels(1)
        writing.setsampwidth(1)
        writing.setframerate(16000)
        writing.writeframes(noise.tobytes())
    assert transcribe(sandbox, ("noise.wav", file.getvalue())).usage.seconds == 1
