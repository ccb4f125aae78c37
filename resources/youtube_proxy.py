"""The way round a block: the proxy through which YouTube, and nothing else, is asked."""

import random
from dataclasses import dataclass, field
from urllib.parse import quote

from tenacity import Retrying, retry_if_exception, stop_after_attempt
from youtube_transcript_api.proxies import WebshareProxyConfig

from domain.errors import ErrorCode, RecastError
from resources.settings import Settings

ROTATE = "-rotate:"
"""How Webshare's user name ends where every connection has another address."""
SESSIONS = 1_000_000


@dataclass(frozen=True, slots=True)
class Proxy:
    """``url`` is an HTTP(S) proxy with its credentials. Where it ``rotates`` every connection has another address, and
    what YouTube blocks is asked for again up to ``retries_when_blocked`` times."""

    url: str = field(repr=False)
    retries_when_blocked: int = 0
    rotates: bool = False

    def held(self) -> str:
        """The proxy with one address for all connections, another at each call: YouTube gives a sound only to the
        address that has asked where it is. A number in the place of ``rotate`` names a session, see
        https://apidocs.webshare.io/proxy-connection."""
        return self.url.replace(ROTATE, f"-{random.randrange(1, SESSIONS)}:", 1) if self.rotates else self.url


def youtube_proxy(settings: Settings) -> Proxy | None:
    """The proxy of the settings: one of the operator's, or Webshare's rotating residential ones."""
    if settings.youtube_proxy_url:
        return Proxy(settings.youtube_proxy_url.get_secret_value())
    if not settings.webshare_username or not settings.webshare_password:
        return None
    webshare = WebshareProxyConfig(
        # The library puts them into an address as they are.
        proxy_username=quote(settings.webshare_username, safe=""),
        proxy_password=quote(settings.webshare_password.get_secret_value(), safe=""),
        filter_ip_locations=list(settings.webshare_locations),
    )
    return Proxy(webshare.url, settings.webshare_retries_when_blocked, rotates=True)


def through_addresses(proxy: Proxy | None) -> Retrying:
    """Calls again while YouTube blocks, as often as ``proxy`` offers another address: at once, for it is not the one
    that was asked too often."""
    return Retrying(
        stop=stop_after_attempt(1 + (proxy.retries_when_blocked if proxy else 0)),
        retry=retry_if_exception(_is_blocked),
        reraise=True,
    )


def _is_blocked(error: BaseException) -> bool:
    return isinstance(error, RecastError) and error.code is ErrorCode.TRANSCRIPT_BLOCKED
