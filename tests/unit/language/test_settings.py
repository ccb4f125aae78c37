"""A language model is configured whole or not at all."""

from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from resources.language.client import language_model
from resources.settings import Settings

NEEDED = {
    "database_url": SecretStr("postgresql://worker:open-sesame@host/db"),
    "api_database_url": SecretStr("postgresql://api:open-sesame@host/db"),
    "s3_bucket": "b",
    "cdn_url": "http://cdn",
    "cdn_key_pair_id": "K",
    "cdn_private_key_path": Path("/key.pem"),
    "dagster_url": "http://dagster",
    "auth_url": "http://auth",
}
WHOLE = {
    "director_model": "some-model",
    "director_api_key": "sk-0123456789abcdef",
    "director_input_usd_per_million": "0.40",
    "director_output_usd_per_million": "1.60",
}


def settings(**values: object) -> Settings:
    return Settings.model_validate(NEEDED | values)


def test_without_a_language_model_the_rules_direct() -> None:
    assert language_model(settings()) is None


def test_a_language_model_has_its_prices_and_its_bound() -> None:
    director = language_model(settings(**WHOLE, director_max_usd="0.1"))
    assert director
    assert director.prices.of(1_000_000, 0) == Decimal("0.4")
    assert (director.model, director.max_usd) == ("some-model", Decimal("0.1"))


def test_a_server_of_one_s_own_needs_no_key() -> None:
    own = {**WHOLE, "director_api_key": None, "director_base_url": "http://127.0.0.1:11434/v1"}
    assert language_model(settings(**own))


@pytest.mark.parametrize("missing", list(WHOLE))
def test_half_a_configuration_is_refused(missing: str) -> None:
    with pytest.raises(ValidationError, match=r"RECAST_DIRECTOR_|director"):
        settings(**{name: value for name, value in WHOLE.items() if name != missing})


def test_a_refused_configuration_shows_no_secret() -> None:
    with pytest.raises(ValidationError) as refusal:
        settings(director_api_key="sk-0123456789abcdef")
    assert "0123456789abcdef" not in str(refusal.value)
    assert "open-sesame" not in str(refusal.value)
