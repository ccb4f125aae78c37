"""espeak-ng on this machine: free, in a hundred languages, and no beauty."""

from importlib.metadata import PackageNotFoundError, version

from domain.characters import Voice
from domain.errors import ErrorCode, RecastError
from domain.speech import words_at
from domain.voices import espeak_name
from resources.voices import sound
from resources.voices.child import Child
from resources.voices.protocol import EngineVoice, Speech, UnspeakableError, VoiceProfile

PROVIDER = "espeak-ng"
PACKAGE = "espeakng-loader"
MODULE = "resources.voices.espeak_worker"
MAX_CHARACTERS = 10_000
STARTS_PER_MINUTE = 1_000_000
SLOWEST_WORDS_PER_MINUTE, WORDS_PER_MINUTE_PER_RATE = 120, 1
MOST_WORDS_PER_MINUTE = 450
"""espeak-ng takes no more."""
USUAL_PITCH = USUAL_RATE = 50


class EspeakVoices:
    """Raises PROVIDER_NOT_CONFIGURED unless the package is installed."""

    at_once = 2
    """One line is spoken at a time; meanwhile another is written."""

    def __init__(self, *, timeout_seconds: float) -> None:
        try:
            # The library would tell its own version, but only to a process that has started it.
            installed = version(PACKAGE)
        except PackageNotFoundError:
            raise RecastError(
                ErrorCode.PROVIDER_NOT_CONFIGURED,
                "Voices are not set up on this server.",
                cause=f"RECAST_VOICE_ENGINE is espeak, and the package {PACKAGE} is not installed",
            ) from None
        self.profile = VoiceProfile(
            provider=PROVIDER,
            model=PROVIDER,
            version=installed,
            max_characters=MAX_CHARACTERS,
            paces=True,
            starts_per_minute=STARTS_PER_MINUTE,
        )
        self._child = Child(MODULE, timeout_seconds=timeout_seconds)

    def voice_of(self, voice: Voice, language: str) -> EngineVoice:
        return EngineVoice(name=espeak_name(voice, language), pitch=voice.pitch, rate=voice.rate)

    def speaks(self, language: str) -> bool:
        return True  # nearly every one; what it cannot say it tells line by line

    async def speak(self, text: str, voice: EngineVoice, *, pace: float) -> Speech:
        rate = USUAL_RATE if voice.rate is None else voice.rate
        words_per_minute = (SLOWEST_WORDS_PER_MINUTE + WORDS_PER_MINUTE_PER_RATE * rate) * pace
        spoken, marks = await self._child.speak(
            {
                "text": text,
                "voice": voice.name,
                "pitch": USUAL_PITCH if voice.pitch is None else voice.pitch,
                "words_per_minute": min(MOST_WORDS_PER_MINUTE, round(words_per_minute)),
            }
        )
        try:
            kept = await sound.keep(spoken, keeps_beginning=True)
        except sound.NoSpeech as error:
            raise UnspeakableError("espeak-ng has no sound for this text.", cause=str(error)) from error
        return Speech(kept.flac, kept.seconds, kept.answered_seconds, words_at(text, marks, kept.seconds))

    async def close(self) -> None:
        await self._child.close()
