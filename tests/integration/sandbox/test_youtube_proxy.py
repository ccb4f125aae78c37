"""Captions and sound through a rotating proxy, some of whose addresses YouTube blocks: the real clients, over TLS."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import certifi
import pytest
from pydantic import SecretStr

from domain.errors import ErrorCode, RecastError
from resources.youtube import YouTubeCaptions
from resources.youtube_audio import YouTubeAudio
from resources.youtube_proxy import Proxy, youtube_proxy
from tests.integration.sandbox.conftest import Running
from tests.integration.sandbox.exits import Exits, running_exits

VIDEO = "short000001"
PASSWORD = "secret/word@1"


@pytest.fixture
def exits(sandbox: Running, tmp_path_factory: pytest.TempPathFactory, monkeypatch) -> Iterator[Exits]:
    with running_exits(sandbox.url, tmp_path_factory.mktemp("exits")) as (exits, certificate):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        monkeypatch.setattr(certifi, "where", lambda: str(certificate))
        monkeypatch.setenv("NO_PROXY", "")
        exits.video_id = VIDEO
        yield exits


@pytest.fixture
def webshare(settings_for, exits: Exits):
    """The product's own proxy of these settings, but for where Webshare is."""

    def proxy(**values: Any) -> Proxy:
        known = {"webshare_username": "someone", "webshare_password": SecretStr(PASSWORD)}
        made = youtube_proxy(settings_for(**known, **values))
        assert made
        return replace(made, url=made.url.replace("p.webshare.io:80", f"127.0.0.1:{exits.port}"))

    return proxy


def captions(proxy: Proxy) -> YouTubeCaptions:
    return YouTubeCaptions(None, proxy, 10, ("en",), sleep=lambda _: None)


def sound(proxy: Proxy) -> YouTubeAudio:
    return YouTubeAudio(None, proxy, 10, max_seconds=600, max_bytes=10_000_000, total_timeout_seconds=60)


def test_captions_come_through_webshare_a_new_address_for_each_request(exits, webshare):
    assert captions(webshare(webshare_locations=("us", "de"))).fetch(VIDEO).snippets
    assert [asked.path for asked in exits.asked] == ["/watch", "/youtubei/v1/player", "/api/timedtext"]
    assert {(asked.user, asked.password) for asked in exits.asked} == {("someone-US-DE-rotate", PASSWORD)}
    assert len(exits.addresses) == 3


def test_blocked_captions_are_asked_for_through_the_next_address(exits, webshare):
    exits.blocked = 2
    assert captions(webshare()).fetch(VIDEO).snippets
    assert [asked.path for asked in exits.asked][:3] == ["/watch", "/watch", "/watch"]


def test_captions_that_every_address_is_refused_end_after_so_many_tries(exits, webshare):
    exits.blocked = 100
    with pytest.raises(RecastError) as failure:
        captions(webshare(webshare_retries_when_blocked=3)).fetch(VIDEO)
    assert failure.value.code is ErrorCode.TRANSCRIPT_BLOCKED
    assert len(exits.addresses) == 4


def test_one_fixed_proxy_is_not_asked_again_when_it_is_blocked(exits):
    exits.blocked = 100
    fixed = Proxy(f"http://someone:secret-word@127.0.0.1:{exits.port}")
    with pytest.raises(RecastError) as failure:
        captions(fixed).fetch(VIDEO)
    assert failure.value.code is ErrorCode.TRANSCRIPT_BLOCKED
    assert len(exits.asked) == 1


async def test_a_sound_is_fetched_through_the_address_that_has_looked_for_it(exits, webshare, tmp_path):
    fetched = await sound(webshare(webshare_locations=("US",))).fetch(VIDEO, tmp_path)
    assert fetched.path.stat().st_size > 10_000
    assert "/videoplayback" in {asked.path for asked in exits.asked}
    assert len(exits.addresses) == 1
    (user,) = {asked.user for asked in exits.asked}
    assert re.fullmatch(r"someone-US-\d+", user)


async def test_a_blocked_sound_is_asked_for_through_the_next_address(exits, webshare, tmp_path):
    exits.blocked = 2
    assert (await sound(webshare()).look(VIDEO)).video_id == VIDEO
    assert len(exits.addresses) == 3
    exits.blocked = 4
    assert (await sound(webshare()).fetch(VIDEO, tmp_path)).path.exists()
    assert len(exits.addresses) == 5


async def test_a_sound_that_every_address_is_refused_ends_after_so_many_tries(exits, webshare, tmp_path):
    exits.blocked = 100
    with pytest.raises(RecastError) as failure:
        await sound(webshare(webshare_retries_when_blocked=2)).fetch(VIDEO, tmp_path)
    assert failure.value.code is ErrorCode.TRANSCRIPT_BLOCKED
    assert len(exits.addresses) == 3


@pytest.mark.parametrize("port", ["9", "port"])
@pytest.mark.parametrize("rotates", [True, False])
async def test_what_a_proxy_is_reached_with_stays_unsaid(webshare, port, rotates):
    away = replace(webshare(), url=re.sub(r"\d+/$", f"{port}/", webshare().url), rotates=rotates)
    assert quote(PASSWORD, safe="") in away.url
    said = [repr(away)]
    for ask in (captions(away).fetch, lambda video: asyncio.run(sound(away).look(video))):
        with pytest.raises(RecastError) as failure:
            await asyncio.to_thread(ask, VIDEO)
        assert failure.value.code is ErrorCode.SOURCE_UNREACHABLE
        said.append(str(failure.value))
    assert not [text for text in said if "word" in text]


async def test_past_the_proxy_nothing_is_asked_for_again_when_it_is_blocked(exits):
    exits.blocked = 1
    away = Proxy("http://127.0.0.1:9", retries_when_blocked=3, rotates=True)
    there = f"http://127.0.0.1:{exits.port}"
    reading = YouTubeCaptions(there, away, 10, ("en",))
    looking = YouTubeAudio(there, away, 10, max_seconds=600, max_bytes=10_000_000, total_timeout_seconds=60)
    for ask, page in (
        (reading.fetch, "/watch"),
        (lambda video: asyncio.run(looking.look(video)), "/youtubei/v1/player"),
    ):
        exits.asked.clear()
        with pytest.raises(RecastError) as failure:
            await asyncio.to_thread(ask, VIDEO)
        assert failure.value.code is ErrorCode.TRANSCRIPT_BLOCKED
        assert [asked.path for asked in exits.asked].count(page) == 1


async def test_a_sound_that_one_fixed_proxy_is_refused_is_not_asked_for_again(exits):
    exits.blocked = 100
    fixed = Proxy(f"http://someone:secret-word@127.0.0.1:{exits.port}")
    with pytest.raises(RecastError) as failure:
        await sound(fixed).look(VIDEO)
    assert failure.value.code is ErrorCode.TRANSCRIPT_BLOCKED
    assert [asked.path for asked in exits.asked].count("/watch") == 1
