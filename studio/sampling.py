"""Sampling: what a voice sounds like, before a film is spoken by it."""

from uuid import UUID

from domain.characters import Voice
from domain.errors import ErrorCode, RecastError
from domain.voices import SpokenBy, voice_of
from resources.voices.engines import Voices
from resources.voices.protocol import Speech, UnspeakableError


async def sample(
    voices: Voices, by: SpokenBy, character_id: UUID, voice: Voice | None, text: str, language: str
) -> Speech:
    """``text`` as a character says it in films that are spoken ``by`` an engine: in ``voice``, or in the one that the
    character has without one. Only by engines that cost nothing: of others a sample would have to be bought.

    Raises PROVIDER_NOT_CONFIGURED, INVALID_REQUEST for an engine that is paid, PROVIDER_INPUT_INVALID for what it
    cannot say, and AI_PROVIDER_FAILURE.
    """
    chosen = voices.chosen(by)
    if chosen is SpokenBy.OFF:
        raise RecastError(ErrorCode.PROVIDER_NOT_CONFIGURED, "Nobody speaks here; GET /voices says who could.")
    engine = voices.open(chosen)
    try:
        if not engine.profile.is_free:
            raise RecastError(
                ErrorCode.INVALID_REQUEST,
                f"Lines by {chosen} cost money, and samples do not: hear them in a film of one scene, or ask for"
                f" {SpokenBy.ESPEAK}.",
            )
        speech = await engine.speak(text, engine.voice_of(voice_of(voice, character_id), language), pace=1.0)
    finally:
        await engine.close()
    if not speech.flac:
        raise UnspeakableError("The voice has no sound for this text.")
    return speech
