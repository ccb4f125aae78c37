"""The neural engine is there whole, or says what is missing. Whether it speaks is tested where its weights are."""

from pathlib import Path

import numpy as np
import pytest

from domain.characters import Voice
from domain.errors import ErrorCode, RecastError
from resources.voices.kokoro import PACKAGE, KokoroVoices
from resources.voices.protocol import UnspeakableError

ALL = ("af_bella", "af_sky", "am_adam", "bm_george", "ef_dora", "jf_alpha")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is installed, as far as anybody asks who does not speak."""
    installed = tmp_path / "site" / "kokoro_onnx-0.6.1.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 0.6.1\n")
    monkeypatch.syspath_prepend(str(installed.parent))


def weights(folder: Path, *names: str) -> tuple[Path, Path]:
    model, voices = folder / "kokoro-v1.0.onnx", folder / "voices-v1.0.npz"
    model.write_bytes(b"weights")
    np.savez(voices, **{name: np.zeros(2, np.float32) for name in names})  # type: ignore[arg-type]
    return model, voices


def opened(model: Path, voices: Path, **chosen: tuple[str, ...]) -> KokoroVoices:
    return KokoroVoices(model, voices, timeout_seconds=5, **chosen)


def refusal(model: Path, voices: Path, **chosen: tuple[str, ...]) -> str:
    with pytest.raises(RecastError) as refused:
        opened(model, voices, **chosen)
    assert refused.value.code is ErrorCode.PROVIDER_NOT_CONFIGURED
    # Users are told no more than that: paths are the operator's.
    assert refused.value.detail == "Voices are not set up on this server."
    return refused.value.cause or ""


def test_the_missing_package_is_named_with_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", [])
    assert refusal(*weights(tmp_path, *ALL)).endswith("kokoro-onnx is not installed: pip install 'recast[neural]'")


@pytest.mark.usefixtures("package")
def test_missing_weights_are_named_with_their_setting(tmp_path: Path) -> None:
    model, voices = weights(tmp_path, *ALL)
    assert refusal(tmp_path / "none.onnx", voices).startswith("RECAST_VOICE_KOKORO_MODEL is ")
    assert refusal(model, tmp_path / "none.bin").startswith("RECAST_VOICE_KOKORO_VOICES is ")


@pytest.mark.usefixtures("package")
def test_a_file_without_voices_is_none(tmp_path: Path) -> None:
    model, voices = weights(tmp_path, "something_else")
    assert "there is no voice" in refusal(model, voices)
    voices.write_bytes(b"not a file of NumPy's")
    assert "no file of voices" in refusal(model, voices)


@pytest.mark.usefixtures("package")
def test_a_voice_that_is_not_in_the_file_is_refused(tmp_path: Path) -> None:
    assert "no voice 'af_nobody'; it has af_bella, af_sky" in refusal(*weights(tmp_path, *ALL), women=("af_nobody",))


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("voice", "language", "name"),
    [
        (Voice(name="en-us+f2", pitch=90), "en", "af_sky"),
        (Voice(name="en-us+m1", pitch=10), "en-US", "am_adam"),
        (Voice(name="en-gb+m1", pitch=10), "und", "bm_george"),
        (Voice(name="en-gb+f1", pitch=10), "en", "af_bella"),
        (Voice(name="en-us+m1"), "es-MX", "ef_dora"),
    ],
)
def test_a_character_has_the_nearest_voice_that_speaks_its_language(
    tmp_path: Path, voice: Voice, language: str, name: str
) -> None:
    assert opened(*weights(tmp_path, *ALL)).voice_of(voice, language).name == name


@pytest.mark.usefixtures("package")
def test_chosen_voices_are_the_only_ones(tmp_path: Path) -> None:
    engine = opened(*weights(tmp_path, *ALL), men=("bm_george",))
    assert engine.voice_of(Voice(name="en-us+f1"), "en").name == "bm_george"


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("language", ["de", "ja"])
async def test_a_language_without_a_voice_is_refused_before_anything_starts(tmp_path: Path, language: str) -> None:
    engine = opened(*weights(tmp_path, *ALL))
    voice = engine.voice_of(Voice(name="en-us+f1"), language)
    with pytest.raises(UnspeakableError, match=f"no voice for the language “{language}”"):
        await engine.speak("Text.", voice, pace=1.0)


@pytest.mark.usefixtures("package")
def test_other_weights_make_other_sounds(tmp_path: Path) -> None:
    model, voices = weights(tmp_path, *ALL)
    first = opened(model, voices).profile
    model.write_bytes(b"other weights")
    assert opened(model, voices).profile.version != first.version
    assert (first.provider, first.model, first.is_free) == ("kokoro", "kokoro-v1.0", True)
