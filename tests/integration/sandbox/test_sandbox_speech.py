"""The sandbox's speech, asked for by the real OpenAI client."""

import io
from decimal import Decimal
from uuid import uuid4

import av
import httpx
import pytest
from openai import AuthenticationError, BadRequestError, InternalServerError, NotFoundError, OpenAI, RateLimitError

from sandbox.openai.speech_models import FORMATS, MAX_CHARACTERS

TEXT = "The quick brown fox jumps over the lazy dog."


def client(sandbox, key="sk-sandbox-1"):
    return OpenAI(api_key=key, base_url=f"{sandbox.url}/openai/v1", max_retries=0, timeout=60)


def speak(sandbox, **options):
    asked = {"model": "tts-1", "voice": "nova", "input": TEXT, **options}
    return client(sandbox).audio.speech.create(**asked)


def seconds_of(content):
    with av.open(io.BytesIO(content)) as container:
        stream = container.streams.audio[0]
        samples = sum(frame.samples for frame in container.decode(stream))
        return samples / stream.rate


def charges(sandbox, prompt):
    return httpx.get(f"{sandbox.url}/billing", params={"prompt": prompt}, trust_env=False).json()["charges"]


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_holds_the_same_speech(sandbox, form):
    content = speak(sandbox, response_format=form).content
    seconds = len(content) / 48_000 if form == "pcm" else seconds_of(content)
    assert 2 < seconds < 5


def test_a_higher_speed_is_shorter(sandbox):
    usual, fast = (seconds_of(speak(sandbox, speed=speed, response_format="flac").content) for speed in (1, 2))
    assert fast < usual * 0.7


def test_each_voice_sounds_different(sandbox):
    nova, onyx = (speak(sandbox, voice=voice, response_format="flac").content for voice in ("nova", "onyx"))
    assert nova != onyx


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"input": "x" * (MAX_CHARACTERS + 1)}, BadRequestError, "at most 4096 characters"),
        ({"input": " "}, BadRequestError, "at least 1 character"),
        ({"voice": "marin"}, BadRequestError, "Input should be 'alloy'"),
        ({"voice": "nobody"}, BadRequestError, "Input should be 'alloy'"),
        ({"speed": 5}, BadRequestError, "from 0.25 to 4.0"),
        ({"response_format": "midi"}, BadRequestError, "'mp3'"),
        ({"model": "tts-9"}, NotFoundError, "does not exist"),
    ],
)
def test_what_the_service_refuses_is_refused(sandbox, options, error, message):
    with pytest.raises(error, match=message):
        speak(sandbox, **options)


def test_a_line_of_the_greatest_length_is_taken(sandbox):
    assert speak(sandbox, input="ab " * (MAX_CHARACTERS // 3), speed=4, response_format="pcm").content


def test_a_key_of_another_service_is_refused(sandbox):
    with pytest.raises(AuthenticationError):
        client(sandbox, "sk-proj-1").audio.speech.create(model="tts-1", voice="nova", input=TEXT)


def test_characters_are_charged_or_time(sandbox):
    text = f"{TEXT} {uuid4()}"
    speak(sandbox, input=text)
    speak(sandbox, input=text, model="gpt-4o-mini-tts", voice="marin", instructions="Whisper.")
    by_letters, by_time = charges(sandbox, text)
    assert Decimal(by_letters["amount"]) == Decimal(15) * len(text) / 1_000_000
    assert float(by_time["amount"]) == pytest.approx(0.015 * by_time["input"]["seconds"] / 60, abs=1e-6)


def test_a_fault_happens_once_and_its_word_is_not_heard(sandbox):
    text = f"{uuid4()}"
    plain = seconds_of(speak(sandbox, input=text, response_format="flac").content)
    with pytest.raises(InternalServerError):
        speak(sandbox, input=f"{text} [[500-after-accepting-once]]")
    again = speak(sandbox, input=f"{text} [[500-after-accepting-once]]", response_format="flac")
    assert seconds_of(again.content) == pytest.approx(plain, abs=0.05)
    assert len(charges(sandbox, f"{text} [[")) == 2


def test_a_busy_service_says_when(sandbox):
    with pytest.raises(RateLimitError) as refused:
        speak(sandbox, input=f"{uuid4()} [[429]]")
    assert refused.value.response.headers["retry-after-ms"] == "1000"
