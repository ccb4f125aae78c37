"""What voices cost, as the terminal tells it."""

import pytest

from cli.api_client import VoiceEngineView
from cli.money import speech_price


@pytest.mark.parametrize(
    ("per_million", "per_minute", "told"),
    [(0, 0, "free"), (15, 0, "$15 a million characters"), (0, 0.015, "$0.015 a minute")],
)
def test_the_price_of_a_voice_is_told_to_its_last_digit(per_million: float, per_minute: float, told: str) -> None:
    voice = VoiceEngineView(
        narration="openai",
        model="a-model",
        is_available=True,
        is_usual=False,
        usd_per_million_characters=per_million,
        usd_per_minute=per_minute,
    )
    assert speech_price(voice) == told
