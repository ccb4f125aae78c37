"""Which proxy the settings name, if any."""

import re

import pytest
from pydantic import ValidationError

from resources.youtube_proxy import youtube_proxy

WEBSHARE = {"webshare_username": "someone", "webshare_password": "secret-word"}
FIXED = {"youtube_proxy_url": "http://someone:secret-word@proxy.example:8080"}


def test_without_settings_there_is_no_proxy(settings_for) -> None:
    assert youtube_proxy(settings_for()) is None


def test_a_proxy_of_one_s_own_keeps_its_address(settings_for) -> None:
    proxy = youtube_proxy(settings_for(**FIXED))
    assert proxy
    assert proxy.url == proxy.held() == FIXED["youtube_proxy_url"]
    assert (proxy.rotates, proxy.retries_when_blocked) == (False, 0)


def test_webshare_rotates(settings_for) -> None:
    proxy = youtube_proxy(settings_for(**WEBSHARE))
    assert proxy
    assert proxy.url == "http://someone-rotate:secret-word@p.webshare.io:80/"
    assert (proxy.rotates, proxy.retries_when_blocked) == (True, 5)


def test_webshares_addresses_may_be_held_for_a_while(settings_for) -> None:
    proxy = youtube_proxy(settings_for(**WEBSHARE | {"webshare_password": "a-rotate:b"}, webshare_locations=("de",)))
    assert proxy
    held = {proxy.held() for _ in range(20)}
    assert len(held) > 1
    assert all(re.fullmatch(r"http://someone-DE-\d+:a-rotate%3Ab@p\.webshare\.io:80/", url) for url in held)


def test_credentials_with_marks_of_an_address_are_no_address(settings_for) -> None:
    proxy = youtube_proxy(settings_for(webshare_username="some@one", webshare_password="a/b@c:d"))
    assert proxy
    assert proxy.url == "http://some%40one-rotate:a%2Fb%40c%3Ad@p.webshare.io:80/"


def test_the_environment_names_them(settings_for, monkeypatch) -> None:
    monkeypatch.setenv("RECAST_WEBSHARE_USERNAME", "someone")
    monkeypatch.setenv("RECAST_WEBSHARE_PASSWORD", "secret-word")
    monkeypatch.setenv("RECAST_WEBSHARE_LOCATIONS", '["us", "de"]')
    monkeypatch.setenv("RECAST_WEBSHARE_RETRIES_WHEN_BLOCKED", "9")
    proxy = youtube_proxy(settings_for())
    assert proxy
    assert proxy.url == "http://someone-US-DE-rotate:secret-word@p.webshare.io:80/"
    assert proxy.retries_when_blocked == 9


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"webshare_username": "someone"}, "set both RECAST_WEBSHARE_USERNAME and RECAST_WEBSHARE_PASSWORD"),
        ({"webshare_password": "secret-word"}, "set both RECAST_WEBSHARE_USERNAME and RECAST_WEBSHARE_PASSWORD"),
        ({"webshare_locations": ("US",)}, "RECAST_WEBSHARE_USERNAME is missing"),
        ({**WEBSHARE, **FIXED}, "set either RECAST_YOUTUBE_PROXY_URL or RECAST_WEBSHARE_USERNAME"),
        ({**WEBSHARE, "webshare_locations": ("U-",)}, "webshare_locations"),
        ({**WEBSHARE, "webshare_retries_when_blocked": -1}, "webshare_retries_when_blocked"),
    ],
)
def test_half_a_proxy_and_two_are_refused(settings_for, values, sentence) -> None:
    with pytest.raises(ValidationError) as refused:
        settings_for(**values)
    assert sentence in str(refused.value)
    assert "secret-word" not in str(refused.value)


def test_a_proxy_does_not_show_its_password(settings_for) -> None:
    assert "secret-word" not in f"{youtube_proxy(settings_for(**WEBSHARE))!r} {settings_for(**WEBSHARE)!r}"
