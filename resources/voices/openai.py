"""OpenAI's speech API, or that of any service that speaks it (speaches, Kokoro-FastAPI, LocalAI)."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import httpx
from pydantic import SecretStr

from domain.characters import Voice
from domain.errors import ErrorCode, RecastError
from domain.voices import manner, nearest
from resources.openai_errors import Service
from resources.video.protocol import OutcomeUnknownError
from resources.voices import sound
from resources.voices.protocol import EngineVoice, Profiles, Speech, VoiceProfile

if TYPE_CHECKING:
    from openai import AsyncOpenAI

PROVIDER = "openai"
OPENAI_URL = "https://api.openai.com/v1"
NO_KEY = "none"
"""Some servers of one's own ask for no key, and the client insists on one."""
MAX_CHARACTERS = 4096
MAX_ANSWER_BYTES = 64 * 1024 * 1024
FORM: Literal["wav"] = "wav"
"""Without loss, and known to every service of this kind."""
WOMEN = ("sage", "coral", "nova", "shimmer")
MEN = ("onyx", "ash", "echo", "fable")
"""Voices that all of OpenAI's models have, from the lowest to the highest."""
SERVICE = Service("voice service", "this line")


class OpenAIVoices:
    """``timeout_seconds`` is for one line. ``women`` and ``men`` are the service's voices, from the lowest to the
    highest; OpenAI's if both are empty. Safe for ``at_once`` lines at a time, in one event loop."""

    def __init__(
        self,
        profile: VoiceProfile,
        *,
        base_url: str | None,
        api_key: SecretStr | None,
        timeout_seconds: float,
        at_once: int,
        women: Sequence[str] = (),
        men: Sequence[str] = (),
    ) -> None:
        self.profile = profile
        self.at_once = at_once
        self._women, self._men = (tuple(women), tuple(men)) if women or men else (WOMEN, MEN)
        self._base_url = base_url or OPENAI_URL
        self._key = api_key.get_secret_value() if api_key else NO_KEY
        self._timeout_seconds = timeout_seconds
        self._client: AsyncOpenAI | None = None

    def voice_of(self, voice: Voice, language: str) -> EngineVoice:
        return EngineVoice(
            name=nearest(voice, self._women, self._men),
            instructions=manner(voice, language) if self.profile.takes_instructions else None,
        )

    def speaks(self, language: str) -> bool:
        return True  # nearly every one; what it cannot say it tells line by line

    async def speak(self, text: str, voice: EngineVoice, *, pace: float) -> Speech:
        from httpx2 import TransportError
        from openai import OpenAIError

        try:
            # The client's own time-out is between two pieces of an answer, which may trickle in for ever.
            async with asyncio.timeout(self._timeout_seconds):
                body, request_id = await self._ask(text, voice)
        except TimeoutError:
            raise OutcomeUnknownError(cause=f"no whole answer within {self._timeout_seconds} s") from None
        except OpenAIError as error:
            # Without the original: its text may repeat the key, and would be shown with this error.
            raise SERVICE.translated(error, self._key) from None
        except TransportError as error:
            raise OutcomeUnknownError(cause=f"the answer broke off: {type(error).__name__}: {error}") from error
        try:
            kept = await sound.keep(body)
        except sound.Silence as silence:
            return Speech(b"", 0.0, silence.answered_seconds, request_id=request_id)
        except sound.NoSpeech as error:
            raise OutcomeUnknownError(cause=f"the answer is no speech: {error}", request_id=request_id) from error
        return Speech(kept.flac, kept.seconds, kept.answered_seconds, request_id=request_id)

    async def _ask(self, text: str, voice: EngineVoice) -> tuple[bytes, str | None]:
        """The body of the answer and its id. Raises OutcomeUnknownError for one that is too large."""
        options = {"instructions": voice.instructions} if voice.instructions else {}
        asking = self._opened().audio.speech.with_streaming_response.create(
            model=self.profile.model, voice=voice.name, input=text, response_format=FORM, extra_body=options or None
        )
        async with asking as answer:
            body, request_id = bytearray(), answer.headers.get("x-request-id")
            async for piece in answer.iter_bytes():
                body += piece
                if len(body) > MAX_ANSWER_BYTES:
                    cause = f"the answer has more than {MAX_ANSWER_BYTES} bytes"
                    raise OutcomeUnknownError(cause=cause, request_id=request_id)
            return bytes(body), request_id

    async def close(self) -> None:
        client, self._client = self._client, None
        if client:
            await client.close()

    def _opened(self) -> "AsyncOpenAI":
        if self._client is None:
            # More than a second of imports, which runs that say nothing do not pay.
            from openai import AsyncOpenAI

            # The ledger counts every call, so no call is repeated behind its back.
            self._client = AsyncOpenAI(
                api_key=self._key, base_url=self._base_url, timeout=self._timeout_seconds, max_retries=0
            )
        return self._client


def service_name(base_url: str | None, given: str | None) -> str:
    """What the ledger calls a service: one line is another one's, another price and another failure than OpenAI's,
    though they speak the same protocol."""
    host = httpx.URL(base_url or OPENAI_URL).host
    return given or (PROVIDER if host == httpx.URL(OPENAI_URL).host else host)


def profile_of(
    model: str, known: Profiles, usd_per_million_characters: Decimal | None, service: str = PROVIDER
) -> VoiceProfile:
    """The profile of a model of ``service``. ``known`` are OpenAI's; ``usd_per_million_characters`` overrides the
    list's price, whatever it is counted by, and is needed for a model that is not listed, and for another service's.
    Raises UNKNOWN_MODEL for one without a price."""
    profile = known.get(model) if service == PROVIDER else None
    if usd_per_million_characters is None:
        if profile is None:
            raise RecastError(
                ErrorCode.UNKNOWN_MODEL,
                "Voices are not set up on this server.",
                cause=f"RECAST_VOICE_MODEL is {model!r} of {service}, whose price nobody has listed:"
                " set RECAST_VOICE_USD_PER_MILLION_CHARACTERS to what it costs",
            )
        return profile
    profile = profile or VoiceProfile(provider=service, model=model, max_characters=MAX_CHARACTERS)
    return profile.model_copy(
        update={"usd_per_million_characters": usd_per_million_characters, "usd_per_minute": Decimal(0)}
    )
