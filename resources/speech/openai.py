"""OpenAI's transcriptions, or those of any service that speaks its API (speaches, whisper.cpp's server)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from domain.errors import ErrorCode, RecastError
from domain.listening import Heard, HeardWord, words_of_segment
from domain.redaction import REDACTED
from resources.speech.protocol import AnswerForm, EngineProfile, Transcription
from resources.video.protocol import BusyError, OutcomeUnknownError

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAIError

PROVIDER = "openai"
OPENAI_URL = "https://api.openai.com/v1"
NO_KEY = "none"
"""Some servers of one's own ask for no key, and the client insists on one."""
MAX_SECONDS = 1200.0
MAX_BYTES = 25 * 1024 * 1024
UNTRIED = (429, 503)
"""Statuses with which a request is turned away before anything is done about it."""
QUOTA_CODES = ("insufficient_quota", "billing_hard_limit_reached")
CONTENT_CODES = ("content_filter", "content_policy_violation")

LANGUAGES: Mapping[str, str] = {
    "english": "en",
    "german": "de",
    "french": "fr",
    "spanish": "es",
    "italian": "it",
    "portuguese": "pt",
    "dutch": "nl",
    "polish": "pl",
    "russian": "ru",
    "ukrainian": "uk",
    "japanese": "ja",
    "chinese": "zh",
    "korean": "ko",
    "arabic": "ar",
    "hindi": "hi",
    "turkish": "tr",
    "swedish": "sv",
    "norwegian": "no",
    "danish": "da",
    "finnish": "fi",
    "czech": "cs",
    "greek": "el",
    "hebrew": "he",
    "hungarian": "hu",
    "romanian": "ro",
    "indonesian": "id",
    "vietnamese": "vi",
    "thai": "th",
}
"""whisper-1 calls languages by name; one that is not here keeps its name."""


class _Word(BaseModel):
    model_config = ConfigDict(extra="ignore")

    word: str
    start: float
    end: float


class _Segment(BaseModel):
    model_config = ConfigDict(extra="ignore")

    start: float
    end: float
    text: str
    speaker: str | None = None


class _Answer(BaseModel):
    """What is read of an answer, in whichever form: services that only resemble OpenAI's leave out a lot."""

    model_config = ConfigDict(extra="ignore")

    text: str = ""
    language: str | None = None
    languages: list[dict[str, Any]] | None = None
    duration: float | None = None
    segments: list[_Segment] | None = None
    words: list[_Word] | None = None


class OpenAITranscriptions:
    """``timeout_seconds`` is for one answer. Safe for ``at_once`` files at a time, in one event loop."""

    def __init__(
        self,
        profile: EngineProfile,
        *,
        base_url: str | None,
        api_key: SecretStr | None,
        timeout_seconds: float,
        at_once: int,
    ) -> None:
        self.profile = profile
        self.at_once = at_once
        self._base_url = base_url or OPENAI_URL
        self._key = api_key.get_secret_value() if api_key else NO_KEY
        self._timeout_seconds = timeout_seconds
        self._client: AsyncOpenAI | None = None

    async def transcribe(self, audio: Path, *, seconds: float, language: str | None) -> Transcription:
        from openai import OpenAIError

        try:
            with audio.open("rb") as file:
                # The raw answer: the client's models insist on fields that compatible services leave out.
                raw = await self._opened().audio.transcriptions.with_raw_response.create(
                    file=file, **self._options(language)
                )
            body, request_id = raw.text, raw.headers.get("x-request-id")
        except OpenAIError as error:
            # Without the original: its text may repeat the key, and would be shown with this error.
            raise self._translated(error) from None
        try:
            answer = _Answer.model_validate_json(body)
        except ValidationError as error:
            raise OutcomeUnknownError(
                cause=f"the answer cannot be read: {error.error_count()} faults", request_id=request_id
            ) from None
        return Transcription(_heard(answer, seconds, language), request_id, {"seconds": answer.duration})

    async def close(self) -> None:
        client, self._client = self._client, None
        if client:
            await client.close()

    def _opened(self) -> "AsyncOpenAI":
        if self._client is None:
            # More than a second of imports, which runs that transcribe nothing do not pay.
            from openai import AsyncOpenAI

            # The ledger counts every call, so no call is repeated behind its back.
            self._client = AsyncOpenAI(
                api_key=self._key, base_url=self._base_url, timeout=self._timeout_seconds, max_retries=0
            )
        return self._client

    def _options(self, language: str | None) -> dict[str, Any]:
        options: dict[str, Any] = {"model": self.profile.model, "response_format": self.profile.answer.value}
        if self.profile.answer is AnswerForm.VERBOSE:
            options["timestamp_granularities"] = ["word", "segment"]
        if self.profile.tells_speakers:
            options["chunking_strategy"] = "auto"  # required above 30 seconds
        if language:
            options["language"] = language
        return options

    def _translated(self, error: "OpenAIError") -> RecastError:
        from openai import APIConnectionError, APIStatusError

        said = f"{type(error).__name__}: {error}".replace(self._key, REDACTED)
        if isinstance(error, APIStatusError):
            return _refusal(error, said)
        if isinstance(error, APIConnectionError) and _was_never_sent(error):
            return BusyError(cause=said)
        return OutcomeUnknownError(cause=said)


def _refusal(error: Any, said: str) -> RecastError:
    """``error`` is the client's APIStatusError."""
    status, request_id = error.status_code, error.request_id
    code: ErrorCode
    match status:
        case 401 | 403:
            # Services repeat the key in their refusal, with a part of it hidden at best.
            said = f"{status}, the code is {error.code}"
            code, detail = (
                ErrorCode.PROVIDER_NOT_CONFIGURED,
                "The transcription service does not accept this server's key.",
            )
        case 402:
            code, detail = ErrorCode.PROVIDER_QUOTA, "The account at the transcription service has no credit left."
        case 429 if error.code in QUOTA_CODES:
            code, detail = ErrorCode.PROVIDER_QUOTA, "The account at the transcription service has no credit left."
        case _ if status in UNTRIED:
            return BusyError(
                cause=said, retry_after_seconds=_retry_after(error.response.headers), request_id=request_id
            )
        case 404:
            code, detail = ErrorCode.UNKNOWN_MODEL, "The transcription service does not have this model."
        case 413:
            code, detail = ErrorCode.TOO_LARGE, "The transcription service does not take so much audio at once."
        case 400 | 422 if error.code in CONTENT_CODES:
            code, detail = ErrorCode.CONTENT_REJECTED, "The transcription service refuses this audio."
        case _ if 400 <= status < 500 and status != 408:
            code, detail = ErrorCode.PROVIDER_INPUT_INVALID, "The transcription service does not accept this audio."
        case _:
            return OutcomeUnknownError(cause=said, request_id=request_id)
    return RecastError(code, detail, cause=said, request_id=request_id)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    told = headers.get("retry-after", "")
    return float(told) if told.replace(".", "", 1).isdecimal() else None


def _was_never_sent(error: BaseException) -> bool:
    """Whether no connection came about: then there is nothing that could have been accepted."""
    import httpx2

    return isinstance(error.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)


def _heard(answer: _Answer, seconds: float, language: str | None) -> Heard:
    words: list[HeardWord] = []
    are_estimated = False
    if answer.segments:
        for segment, times in zip(answer.segments, _times(answer.segments, answer.words or ()), strict=True):
            words += words_of_segment(segment.text, segment.start, segment.end, speaker=segment.speaker, times=times)
    elif answer.words:
        words = [HeardWord(text=one.word.strip(), start=one.start, end=one.end) for one in answer.words]
    elif answer.text.strip():
        # Nothing else in such an answer tells how long it is.
        words, are_estimated = words_of_segment(answer.text, 0.0, seconds), True
    told = answer.language or next((str(one.get("code", "")) for one in answer.languages or ()), "") or language or ""
    return Heard(
        words=tuple(words), language=LANGUAGES.get(told.lower(), told.lower()), times_are_estimated=are_estimated
    )


def _times(segments: Sequence[_Segment], words: Sequence[_Word]) -> list[list[tuple[float, float]]]:
    """The times of each segment's words. whisper-1 tells its words apart from its segments, and without punctuation;
    they are dealt out in order, each to the segment in which its middle lies."""
    times: list[list[tuple[float, float]]] = [[] for _ in segments]
    at = 0
    for word in words:
        middle = (word.start + word.end) / 2
        while at + 1 < len(segments) and middle >= segments[at + 1].start:
            at += 1
        times[at].append((word.start, word.end))
    return times


def profile_of(model: str, known: Mapping[str, EngineProfile], usd_per_minute: Decimal | None) -> EngineProfile:
    """The profile of a model; ``usd_per_minute`` overrides the list's price and is needed for a model that is not
    listed. Raises UNKNOWN_MODEL for one without a price."""
    profile = known.get(model)
    if profile is None and usd_per_minute is None:
        raise RecastError(
            ErrorCode.UNKNOWN_MODEL,
            "Transcribing is not set up on this server.",
            cause=f"RECAST_WHISPER_MODEL is {model!r}, which models.toml does not know:"
            " set RECAST_WHISPER_USD_PER_MINUTE to what it costs",
        )
    profile = profile or EngineProfile(
        provider=PROVIDER,
        model=model,
        max_seconds=MAX_SECONDS,
        max_bytes=MAX_BYTES,
        usd_per_minute=usd_per_minute or Decimal(0),
    )
    return profile if usd_per_minute is None else profile.model_copy(update={"usd_per_minute": usd_per_minute})
