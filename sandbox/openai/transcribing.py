"""OpenAI's transcriptions, at ``/openai/v1/audio/transcriptions``: it listens, and it counts what that would cost."""

import asyncio
import time
from collections.abc import Callable
from decimal import Decimal
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from sandbox.billing import Charge, Ledger, identity_of
from sandbox.faults import Fault, Trouble
from sandbox.holding import BrokenOff, hold
from sandbox.openai.failures import OpenAIFailure, down, no_credit, rate_limit
from sandbox.openai.gate import PREFIX, answer_headers, check_key, failed
from sandbox.openai.hearing import SAMPLE_RATE_HZ, Attention, Audio, Ears, Heard, NothingToHearWith, Undecodable
from sandbox.openai.speakers import speakers
from sandbox.openai.transcript_shapes import TEXT_FORMATS, as_json, as_text
from sandbox.openai.transcription_models import MIN_SECONDS
from sandbox.openai.transcription_request import TranscriptionRequest, read_request

SERVICE = "openai"
RETRY_AFTER_MS = 1000
CENTS_OF_CENTS = Decimal("0.000001")


class Transcriptions:
    """``slow_seconds`` is how late a slow answer is, ``hold_seconds`` how long one that never comes is waited for."""

    def __init__(
        self,
        ears: Ears,
        ledger: Ledger,
        trouble: Trouble,
        clock: Callable[[], float],
        slow_seconds: float,
        hold_seconds: float,
    ) -> None:
        self._ears = ears
        self._ledger = ledger
        self._trouble = trouble
        self._clock = clock
        self._slow_seconds = slow_seconds
        self._hold_seconds = hold_seconds

    def router(self) -> APIRouter:
        router = APIRouter(prefix=PREFIX, include_in_schema=False)

        @router.post("/audio/transcriptions")
        async def transcribe(request: Request) -> Response:
            try:
                check_key(request)
                async with request.form() as form:
                    return await self._answer(request, await asyncio.to_thread(read_request, form))
            except OpenAIFailure as failure:
                return failed(failure)

        return router

    async def _answer(self, request: Request, asked: TranscriptionRequest) -> Response:
        began = time.monotonic()
        prompt = " ".join(filter(None, (asked.prompt, asked.filename, asked.digest)))
        faults = self._trouble.meet(SERVICE, prompt)
        _refuse(faults)
        try:
            self._ears.check()
        except NothingToHearWith as missing:
            raise OpenAIFailure(503, str(missing), type="server_error", code="sandbox_without_ears") from None
        audio = await self._decoded(asked)
        seconds = round(len(audio) / SAMPLE_RATE_HZ, 2)
        _check_length(asked, seconds)
        if Fault.FAIL in faults:
            raise down()
        if Fault.SLOW in faults:
            await asyncio.sleep(self._slow_seconds)
        attention = Attention(
            asked.language,
            asked.prompt,
            asked.keywords,
            asked.temperature,
            has_words="word" in asked.granularities,
            only_speech=asked.is_chunked,
        )
        heard = await self._ears.hear(audio, attention)
        request_id = f"req_{uuid4().hex}"
        self._charge(asked, prompt, seconds, request_id)
        if Fault.DOWN_AFTER_ACCEPTING in faults:
            raise down()
        if Fault.TIMEOUT_AFTER_ACCEPTING in faults:
            return await hold(request, self._hold_seconds)
        answer = _shaped(asked, heard, audio, seconds)
        answer.headers.update(answer_headers(request_id, time.monotonic() - began))
        return BrokenOff(answer) if Fault.DROPPED_AFTER_ACCEPTING in faults else answer

    async def _decoded(self, asked: TranscriptionRequest) -> Audio:
        try:
            return await self._ears.decode(asked.file)
        except Undecodable:
            raise OpenAIFailure(
                400, "Audio file might be corrupted or unsupported", param="file", code="invalid_value"
            ) from None

    def _charge(self, asked: TranscriptionRequest, prompt: str, seconds: float, request_id: str) -> None:
        listener = asked.listener
        given = {
            "file": asked.digest,
            "seconds": seconds,
            "response_format": asked.form,
            "prompt": asked.prompt,
            "language": asked.language,
        }
        self._ledger.charge(
            Charge(
                service=SERVICE,
                id=request_id,
                kind="succeeded",
                model=listener.name,
                identity=identity_of(listener.name, given),
                prompt=prompt,
                seed=None,
                webhook=None,
                input=given,
                amount=(listener.price_per_minute * Decimal(str(seconds)) / 60).quantize(CENTS_OF_CENTS),
                at=self._clock(),
            )
        )


def _refuse(faults: frozenset[str]) -> None:
    if Fault.NO_CREDIT in faults:
        raise no_credit()
    if Fault.THROTTLED in faults:
        raise rate_limit(RETRY_AFTER_MS)
    if Fault.INVALID in faults:
        raise OpenAIFailure(400, "Invalid value.", param="prompt", code="invalid_value")
    if Fault.DOWN in faults:
        raise down()


def _check_length(asked: TranscriptionRequest, seconds: float) -> None:
    listener = asked.listener
    if seconds < MIN_SECONDS:
        raise OpenAIFailure(
            400,
            f"Audio file is too short. Minimum audio length is {MIN_SECONDS} seconds.",
            param="file",
            code="audio_too_short",
        )
    if listener.max_seconds and seconds > listener.max_seconds:
        raise OpenAIFailure(
            400,
            f"audio duration {seconds} seconds is longer than {listener.max_seconds:.0f} seconds which is the "
            "maximum for this model",
            code="invalid_value",
        )
    if listener.unchunked_seconds and seconds > listener.unchunked_seconds and not asked.is_chunked:
        raise OpenAIFailure(
            400,
            f"chunking_strategy is required for audio that is longer than {listener.unchunked_seconds:.0f} seconds "
            "with this model",
            param="chunking_strategy",
            code="missing_required_parameter",
        )


def _shaped(asked: TranscriptionRequest, heard: Heard, audio: Audio, seconds: float) -> Response:
    if asked.form in TEXT_FORMATS:
        return PlainTextResponse(as_text(asked.form, heard))
    body = as_json(
        asked.form,
        heard,
        seconds=seconds,
        listener=asked.listener,
        prompt=asked.prompt,
        granularities=asked.granularities,
        speakers=speakers(audio, heard.segments) if asked.form == "diarized_json" else [],
    )
    return JSONResponse(body)
