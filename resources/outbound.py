"""Fetching what a provider has made: from its own hosts only, over public addresses only, and without any token.

The address of an output is the provider's word, and so is every redirect: neither may lead this server to a machine of
its own network, or make it carry a key to somebody else.
"""

import asyncio
import errno
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Literal

import httpx

from domain.errors import ErrorCode, RecastError
from resources.video.protocol import BusyError

MAX_REDIRECTS = 3
CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 30.0
TOTAL_SECONDS = 600.0
HTTPS_PORT = 443
UNTOLD_TYPES = frozenset({"application/octet-stream", "binary/octet-stream"})
"""What object stores say of a file whose type nobody told them."""
OTHER_TYPES: Mapping[str, Collection[str]] = {"video": {"application/mp4"}, "image": ()}
"""Beside ``video/…`` and ``image/…``."""

TRANSLATED_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in ("::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")
)
"""IPv6 addresses that stand for an IPv4 one (mapped, NAT64, Teredo, 6to4): some call themselves global, and may lead to
a private one all the same."""

Address = tuple[str, int]
Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: IPAddress) -> bool:
    """Whether this is a machine of the internet, said in its own words."""
    if isinstance(address, ipaddress.IPv6Address) and (
        address.scope_id is not None or any(address in network for network in TRANSLATED_NETWORKS)
    ):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def is_loopback_http(url: str) -> bool:
    """Whether a service's configured address is a plain one on this machine, as the sandbox's is."""
    parsed = httpx.URL(url)
    return parsed.scheme == "http" and _is_loopback_host(parsed.host)


@cache
def system_tls() -> ssl.SSLContext:
    """Reading the certificates takes longer than a connection; they are read once."""
    return httpx.create_ssl_context()


async def resolve(host: str, port: int) -> Sequence[Address]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys((str(address[0]), int(address[1])) for *_, address in found))


class Outbound:
    """Downloads videos, or images, from ``hosts`` and their subdomains.

    ``service_url`` is the provider's configured address: if that is a plain one on this machine, its outputs may be
    fetched from the same port of this machine, and in no other case is anything but https fetched. A name is resolved
    once for each step, and the connection goes to that very address.
    """

    def __init__(
        self,
        hosts: Collection[str],
        service_url: str,
        max_bytes: int,
        *,
        kind: Literal["video", "image"] = "video",
        total_seconds: float = TOTAL_SECONDS,
        resolve: Resolve = resolve,
        is_allowed: Callable[[IPAddress], bool] = is_public,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._hosts = tuple(host.lower() for host in hosts)
        self._sandbox_port = httpx.URL(service_url).port if is_loopback_http(service_url) else None
        self._max_bytes = max_bytes
        self._kind = kind
        self._total_seconds = total_seconds
        self._resolve = resolve
        self._is_allowed = is_allowed
        self._tls = tls

    async def fetch(self, url: str, destination: Path) -> None:
        """Bring the file at ``url`` to ``destination``, whole or not at all.

        Raises CLIP_LOST when it is gone, ``BusyError`` when it may come later, CLIP_REJECTED when what comes is too
        large or of another kind, AI_PROVIDER_FAILURE when the address is not one that may be asked, and DISK_FULL.
        """
        unfinished = destination.with_name(f".{destination.name}.part")
        try:
            async with asyncio.timeout(self._total_seconds):
                await self._download(httpx.URL(url), unfinished)
            await asyncio.to_thread(unfinished.replace, destination)
        except TimeoutError:
            raise BusyError(cause=f"the output did not arrive within {self._total_seconds:g} s") from None
        except (httpx.TransportError, socket.gaierror) as error:
            raise BusyError(cause=f"the output did not arrive: {type(error).__name__}: {error}") from error
        except httpx.InvalidURL as error:
            raise _refused(f"not an address: {error}") from error
        except OSError as error:
            code = ErrorCode.DISK_FULL if error.errno == errno.ENOSPC else ErrorCode.INTERNAL
            raise RecastError(code, cause=f"{destination.name}: {error.strerror}") from error
        finally:
            await asyncio.to_thread(unfinished.unlink, missing_ok=True)

    async def _download(self, url: httpx.URL, unfinished: Path) -> None:
        client = httpx.AsyncClient(
            trust_env=False,  # a proxy would resolve the name anew
            verify=self._tls or system_tls(),
            timeout=httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS),
            # A connection is known by its address, and two hosts can share one: none is used for a second step.
            limits=httpx.Limits(max_keepalive_connections=0),
        )
        async with client:
            for _ in range(MAX_REDIRECTS + 1):
                response = await self._open(client, url)
                try:
                    if not response.has_redirect_location:
                        await self._keep(response, unfinished)
                        return
                    url = url.join(response.headers["location"])
                finally:
                    await response.aclose()
        raise _refused(f"more than {MAX_REDIRECTS} redirects")

    async def _open(self, client: httpx.AsyncClient, url: httpx.URL) -> httpx.Response:
        """The answer of the first of the host's addresses that takes a connection; its body is not read yet."""
        addresses = await self._addresses(url)
        for address, port in addresses:
            request = client.build_request(
                "GET",
                url.copy_with(host=address, port=port),
                # Bytes as they are: a compressed answer could grow beyond the cap after it was counted.
                headers={"Host": url.netloc.decode("ascii"), "Accept-Encoding": "identity"},
                extensions={"sni_hostname": url.raw_host.decode("ascii")},
            )
            try:
                return await client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if (address, port) == addresses[-1]:
                    raise
        raise _refused(f"{url.host} has no address")

    async def _addresses(self, url: httpx.URL) -> Sequence[Address]:
        """The addresses of a URL that may be asked; one forbidden address forbids the whole name."""
        if url.userinfo:
            raise _refused("the address carries a login")
        host = url.host.lower().rstrip(".")
        is_allowed = self._is_allowed
        if url.scheme == "http" and self._sandbox_port is not None:
            is_allowed = _is_loopback
            if not _is_loopback_host(host) or url.port != self._sandbox_port:
                raise _refused(f"{host} is not the sandbox")
        elif url.scheme != "https":
            raise _refused(f"{url.scheme} is not https")
        elif url.port not in (None, HTTPS_PORT) or not self._is_known(host):
            raise _refused(f"{host}:{url.port or HTTPS_PORT} is none of the provider's hosts")
        addresses = await self._resolve(host, url.port or HTTPS_PORT)
        for address, _ in addresses:
            if not is_allowed(ipaddress.ip_address(address)):
                raise _refused(f"{host} is {address}, which is not a public address")
        return addresses

    def _is_known(self, host: str) -> bool:
        return any(host == known or host.endswith(f".{known}") for known in self._hosts)

    async def _keep(self, response: httpx.Response, unfinished: Path) -> None:
        _check(response, self._max_bytes, self._kind)
        size = 0
        file = await asyncio.to_thread(unfinished.open, "wb")
        with file:
            async for chunk in response.aiter_raw():
                size += len(chunk)
                if size > self._max_bytes:
                    raise _too_large(self._max_bytes)
                await asyncio.to_thread(file.write, chunk)


def _check(response: httpx.Response, max_bytes: int, kind: str) -> None:
    """Refuse by the headers what need not be read."""
    if response.status_code in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
        raise RecastError(ErrorCode.CLIP_LOST, cause=f"the output's host answers {response.status_code}")
    if response.status_code != httpx.codes.OK:
        raise BusyError(cause=f"the output's host answers {response.status_code}")
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not media_type.startswith(f"{kind}/") and media_type not in {*UNTOLD_TYPES, *OTHER_TYPES[kind]}:
        raise RecastError(ErrorCode.CLIP_REJECTED, cause=f"the output is {media_type or 'of no type'}, not {kind}")
    if encoding := response.headers.get("content-encoding", "").removeprefix("identity"):
        raise RecastError(ErrorCode.CLIP_REJECTED, cause=f"the output came {encoding}-encoded, unasked")
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length) > max_bytes:
        raise _too_large(max_bytes)


def _too_large(max_bytes: int) -> RecastError:
    return RecastError(ErrorCode.CLIP_REJECTED, cause=f"the output is larger than {max_bytes} bytes")


def _refused(why: str) -> RecastError:
    return RecastError(ErrorCode.AI_PROVIDER_FAILURE, cause=f"the output is not fetched: {why}")


def _is_loopback(address: IPAddress) -> bool:
    return address.is_loopback


def _is_loopback_host(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
