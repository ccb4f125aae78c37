"""OpenAI's speech, at ``/openai/v1/audio/speech``: it speaks, and it counts what that would cost."""

import asyncio
import io
import json
import time
import wave
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from sandbox.billing import Charge, Ledger, identity_of
from sandbox.faults import WORD, Fault, Trouble
from sandbox.holding import BrokenOff, hold
from sandbox.openai.failures import OpenAIFailure, down, no_credit, no_model, rate_limit
from sandbox.openai.gate import PREFIX, answer_headers, check_key, failed
from sandbox.openai.speech_models import FASTEST, FORMATS, MAX_CHARACTERS, PLAYED_BY, SLOWEST, TALKERS, Talker
from sandbox.openai.speech_process import Saying, SpeechFailed, SpeechProcess

SERVICE = "openai"
RETRY_AFTER_MS = 1000
MILLIONTH = Decimal("0.000001")
USUAL_WORDS_PER_MINUTE = 160
SLOWEST_WORDS_PER_MINUTE, FASTEST_WORDS_PER_MINUTE = 80, 450
MEDIA_TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/opus",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
SHOWN_CHARACTERS = 100
TRICKLE_SECONDS = 0.1
SILENCE_HZ = 24_000


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    talker: Talker
    input: str
    voice: str
    form: str
    speed: float
    instructions: str

    @property
    def given(self) -> dict[str, Any]:
        return {
            "input": self.input,
            "voice": self.voice,
            "response_format": self.form,
            "speed": self.speed,
            "instructions": self.instructions,
        }


class Speaking:
    """``slow_seconds`` is how late a slow answer is, ``hold_seconds`` how long one that never comes is waited for."""

    def __init__(
        self,
        speaker: SpeechProcess,
        ledger: Ledger,
        trouble: Trouble,
        clock: Callable[[], float],
        slow_seconds: float,
        hold_seconds: float,
    ) -> None:
        self._speaker = speaker
        self._ledger = ledger
        self._trouble = trouble
        self._clock = clock
        self._slow_seconds = slow_seconds
        self._hold_seconds = hold_seconds

    def router(self) -> APIRouter:
        router = APIRouter(prefix=PREFIX, include_in_schema=False)

        @router.post("/audio/speech")
        async def speak(request: Request) -> Response:
            try:
                check_key(request)
                return await self._answer(request, read_request(await request.body()))
            except OpenAIFailure as failure:
                return failed(failure)

        return router

    async def _answer(self, request: Request, asked: SpeechRequest) -> Response:
        began = time.monotonic()
        faults = self._trouble.meet(SERVICE, asked.input)
        _refuse(faults)
        if Fault.SLOW in faults:
            await asyncio.sleep(self._slow_seconds)
        if Fault.FAIL in faults:
            raise down()
        file, seconds = await self._spoken(asked)
        if Fault.CORRUPT_OUTPUT in faults:
            file = b"not a sound"
        if Fault.BLACK in faults:
            file = _silence(seconds)
        request_id = f"req_{uuid4().hex}"
        self._charge(asked, seconds, request_id)
        if Fault.DOWN_AFTER_ACCEPTING in faults:
            raise down()
        if Fault.TIMEOUT_AFTER_ACCEPTING in faults:
            return await hold(request, self._hold_seconds)
        answer: Response = Response(file, media_type=MEDIA_TYPES[asked.form])
        if Fault.ENDLESS_OUTPUT in faults:
            answer = StreamingResponse(_without_end(), media_type=MEDIA_TYPES[asked.form])
        answer.headers.update(answer_headers(request_id, time.monotonic() - began))
        return BrokenOff(answer) if Fault.DROPPED_AFTER_ACCEPTING in faults else answer

    async def _spoken(self, asked: SpeechRequest) -> tuple[bytes, float]:
        voice, pitch = PLAYED_BY[asked.voice]
        rate = min(FASTEST_WORDS_PER_MINUTE, max(SLOWEST_WORDS_PER_MINUTE, USUAL_WORDS_PER_MINUTE * asked.speed))
        try:
            # A fault's word is for the sandbox, and not to be heard.
            return await self._speaker.say(Saying(WORD.sub("", asked.input), voice, rate, pitch, asked.form))
        except SpeechFailed as error:
            raise OpenAIFailure(503, str(error), type="server_error", code="sandbox_without_voice") from None

    def _charge(self, asked: SpeechRequest, seconds: float, request_id: str) -> None:
        self._ledger.charge(
            Charge(
                service=SERVICE,
                id=request_id,
                kind="succeeded",
                model=asked.talker.name,
                identity=identity_of(asked.talker.name, asked.given),
                prompt=asked.input,
                seed=None,
                webhook=None,
                input={**asked.given, "seconds": round(seconds, 3)},
                amount=asked.talker.price(asked.input, seconds).quantize(MILLIONTH),
                at=self._clock(),
            )
        )


async def _without_end() -> AsyncIterator[bytes]:
    while True:
        yield bytes(1)
        await asyncio.sleep(TRICKLE_SECONDS)


def _silence(seconds: float) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setparams((1, 2, SILENCE_HZ, 0, "NONE", "not compressed"))
        written.writeframes(bytes(2 * round(seconds * SILENCE_HZ)))
    return file.getvalue()


def read_request(body: bytes) -> SpeechRequest:
    """Raises OpenAIFailure for what the service refuses before it has said anything."""
    try:
        asked = json.loads(body)
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise OpenAIFailure(400, "We could not parse the JSON body of your request.")
    model = asked.get("model")
    if not isinstance(model, str) or not model:
        raise OpenAIFailure(400, "you must provide a model parameter")
    talker = TALKERS.get(model)
    if talker is None:
        raise no_model(model)
    return SpeechRequest(
        talker=talker,
        input=_input(asked),
        voice=_one_of(asked, "voice", talker.voices),
        form=_one_of({"response_format": "mp3", **asked}, "response_format", FORMATS),
        speed=_speed(asked),
        instructions=str(asked.get("instructions") or ""),
    )


def _input(asked: Mapping[str, Any]) -> str:
    text = asked.get("input")
    if not isinstance(text, str):
        raise OpenAIFailure(
            400, "Missing required parameter: 'input'.", param="input", code="missing_required_parameter"
        )
    if not text.strip():
        raise _invalid("string_too_short", "input", "String should have at least 1 character", text)
    if len(text) > MAX_CHARACTERS:
        raise _invalid("string_too_long", "input", f"String should have at most {MAX_CHARACTERS} characters", text)
    return text


def _one_of(asked: Mapping[str, Any], name: str, offered: tuple[str, ...]) -> str:
    value = asked.get(name)
    if value is None:
        raise OpenAIFailure(
            400, f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter"
        )
    if value not in offered:
        raise _invalid("enum", name, f"Input should be {', '.join(repr(one) for one in offered)}", value)
    return str(value)


def _speed(asked: Mapping[str, Any]) -> float:
    speed = asked.get("speed", 1.0)
    if not isinstance(speed, int | float) or not SLOWEST <= speed <= FASTEST:
        raise _invalid("value_error", "speed", f"Input should be from {SLOWEST} to {FASTEST}", speed)
    return float(speed)


def _invalid(kind: str, name: str, message: str, value: Any) -> OpenAIFailure:
    """A refusal as the service's validation writes it: a list in Python's own notation."""
    shown = value[:SHOWN_CHARACTERS] if isinstance(value, str) else value
    return OpenAIFailure(400, str([{"type": kind, "loc": ("body", name), "msg": message, "input": shown}]))


def _refuse(faults: frozenset[str]) -> None:
    if Fault.NO_CREDIT in faults:
        raise no_credit()
    if Fault.THROTTLED in faults:
        raise rate_limit(RETRY_AFTER_MS)
    if Fault.INVALID in faults:
        raise OpenAIFailure(400, "Invalid value.", param="input", code="invalid_value")
    if Fault.REFUSE in faults:
        raise OpenAIFailure(
            400,
            "Your request was rejected as a result of our safety system.",
            param="input",
            code="content_policy_violation",
        )
    if Fault.DOWN in faults:
        raise down()
