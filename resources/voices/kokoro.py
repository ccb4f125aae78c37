"""Kokoro on this machine: a neural model of 82 million parameters, free, in six languages. Its weights are files that
whoever runs Recast has put there: nothing is ever downloaded. Its Japanese and Chinese voices are not used: espeak-ng,
which makes phonemes for it, cannot read their script."""

import zipfile
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from domain.characters import Voice
from domain.errors import ErrorCode, RecastError
from domain.speech import estimated_seconds, words_at
from domain.voices import NARRATOR, nearest, spoken_language
from resources.voices import sound
from resources.voices.child import Child
from resources.voices.protocol import EngineVoice, Speech, UnspeakableError, VoiceProfile

PROVIDER = "kokoro"
PACKAGE = "kokoro-onnx"
MODULE = "resources.voices.kokoro_worker"
MAX_CHARACTERS = 10_000
STARTS_PER_MINUTE = 1_000_000
SLOWEST, FASTEST = 0.5, 2.0
"""Kokoro takes no other speeds."""
SECONDS_PER_SECOND = 4.0
"""How long a slow machine, with films being made beside it, may take for one second of speech."""
USUAL_RATE = 50
RATE_OF_DOUBLE_SPEED = 150
LETTERS = {"es": "e", "fr": "f", "hi": "h", "it": "i", "pt": "p"}
"""With which the names of voices begin, by their language; English has two."""
AMERICAN, BRITISH = "a", "b"
ESPEAK_NAMES = {"a": "en-us", "b": "en-gb", "e": "es", "f": "fr-fr", "h": "hi", "i": "it", "p": "pt-br"}
UNSPOKEN = "-"
"""Begins the name of the voice of a language for which there is none."""


class KokoroVoices:
    """``women`` and ``men`` are names of voices, from the lowest to the highest; all of the file, by name, if both are
    empty. Raises PROVIDER_NOT_CONFIGURED unless the package is installed and the weights are there."""

    at_once = 2
    """One line is spoken at a time; meanwhile another is written."""

    def __init__(
        self,
        model: Path,
        voices: Path,
        *,
        timeout_seconds: float,
        women: Sequence[str] = (),
        men: Sequence[str] = (),
    ) -> None:
        installed = _installed()
        offered = _names_in(voices)
        chosen = (*women, *men) or offered
        if missing := [name for name in chosen if name not in offered]:
            raise _not_configured(f"{voices} has no voice {missing[0]!r}; it has {', '.join(offered)}")
        self._women = tuple(women) if women or men else tuple(name for name in offered if name[1:2] == "f")
        self._men = tuple(men) if women or men else tuple(name for name in offered if name[1:2] == "m")
        self.profile = VoiceProfile(
            provider=PROVIDER,
            model=_required(model, "RECAST_VOICE_KOKORO_MODEL").stem,
            # Weights of one name and size are the same; to read them all would take longer than to speak a line.
            version=f"{installed} {model.stat().st_size} {voices.stat().st_size}",
            max_characters=MAX_CHARACTERS,
            paces=True,
            starts_per_minute=STARTS_PER_MINUTE,
        )
        self._child = Child(MODULE, str(model.absolute()), str(voices.absolute()), timeout_seconds=timeout_seconds)

    def voice_of(self, voice: Voice, language: str) -> EngineVoice:
        women, men = (self._speaking(names, voice, language) for names in (self._women, self._men))
        name = nearest(voice, women, men) if women or men else f"{UNSPOKEN}{spoken_language(language)}"
        return EngineVoice(name=name, rate=voice.rate)

    def speaks(self, language: str) -> bool:
        return not self.voice_of(NARRATOR, language).name.startswith(UNSPOKEN)

    async def speak(self, text: str, voice: EngineVoice, *, pace: float) -> Speech:
        if voice.name.startswith(UNSPOKEN):
            raise UnspeakableError(f"Kokoro has no voice for the language “{voice.name.removeprefix(UNSPOKEN)}”.")
        rate = USUAL_RATE if voice.rate is None else voice.rate
        speed = (1 + (rate - USUAL_RATE) / (RATE_OF_DOUBLE_SPEED - USUAL_RATE)) * pace
        _, longest = estimated_seconds(text)
        spoken, marks = await self._child.speak(
            {
                "text": text,
                "voice": voice.name,
                "language": ESPEAK_NAMES[voice.name[0]],
                "speed": min(FASTEST, max(SLOWEST, speed)),
            },
            more_seconds=longest * SECONDS_PER_SECOND,
        )
        try:
            kept = await sound.keep(spoken, keeps_beginning=bool(marks))
        except sound.NoSpeech as error:
            raise UnspeakableError("Kokoro has no sound for this text.", cause=str(error)) from error
        return Speech(kept.flac, kept.seconds, kept.answered_seconds, words_at(text, marks, kept.seconds))

    async def close(self) -> None:
        await self._child.close()

    def _speaking(self, names: Sequence[str], voice: Voice, language: str) -> list[str]:
        """Those of ``names`` that speak a language; English with the accent of ``voice`` where there is one."""
        spoken = spoken_language(language).partition("-")[0]
        if spoken != "en":
            return [name for name in names if name[0] == LETTERS.get(spoken)]
        accent, other = (BRITISH, AMERICAN) if voice.name.startswith("en-gb") else (AMERICAN, BRITISH)
        return [name for name in names if name[0] == accent] or [name for name in names if name[0] == other]


def _installed() -> str:
    try:
        # The library itself takes a second to import, and is only ever imported by its own process.
        return version(PACKAGE)
    except PackageNotFoundError:
        raise _not_configured(f"the package {PACKAGE} is not installed: pip install 'recast[neural]'") from None


def _names_in(voices: Path) -> tuple[str, ...]:
    """The voices of a file as NumPy writes it (.npz, also called .bin)."""
    try:
        with zipfile.ZipFile(_required(voices, "RECAST_VOICE_KOKORO_VOICES")) as archive:
            names = sorted(name.removesuffix(".npy") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError) as error:
        raise _not_configured(f"RECAST_VOICE_KOKORO_VOICES is {voices}, which is no file of voices: {error}") from error
    known = tuple(name for name in names if name[:1] in ESPEAK_NAMES and name[1:2] in "fm")
    if not known:
        raise _not_configured(f"RECAST_VOICE_KOKORO_VOICES is {voices}, in which there is no voice")
    return known


def _required(path: Path, setting: str) -> Path:
    if not path.is_file():
        raise _not_configured(f"{setting} is {path}, and there is no such file")
    return path


def _not_configured(cause: str) -> RecastError:
    return RecastError(ErrorCode.PROVIDER_NOT_CONFIGURED, "Voices are not set up on this server.", cause=cause)
