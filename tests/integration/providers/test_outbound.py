"""Fetching outputs over real connections: TLS to a pinned address, redirects, and deliveries gone wrong."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from domain.errors import ErrorCode, RecastError
from resources.outbound import Outbound
from resources.video.protocol import BusyError
from tests.integration.providers.server import Answer, Asked, cut, reply, serving

CLIP = b"\0\0\0 ftypisom" + bytes(5000)
VIDEO = {"content-type": "video/mp4"}
REAL = "https://api.replicate.com/v1"
URL = "https://pbxt.replicate.delivery/a/clip.mp4?x=1"


def certified(folder: Path, *names: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's side and a client's side of TLS for ``names``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "tls.pem"
    pem.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(pem)
    return served, ssl.create_default_context(cafile=str(pem))


def pinned(*addresses: tuple[str, int]):
    """A name service that knows one answer, and whom it was asked for."""
    asked: list[str] = []

    async def resolve(host: str, port: int):
        asked.append(host)
        return addresses

    resolve.asked = asked
    return resolve


async def fetch_from_sandbox(
    folder: Path, answering: Callable[[Asked], Answer], path: str = "/clip.mp4", **values: object
) -> list[Asked]:
    async with serving(answering) as server:
        outbound = Outbound(["replicate.delivery"], f"{server.url}/v1", values.pop("max_bytes", 10_000), **values)
        await outbound.fetch(f"{server.url}{path}", folder / "clip.mp4")
    return server.asked


async def test_the_connection_goes_to_the_address_that_was_checked_and_tls_to_the_name(tmp_path):
    served, trusted = certified(tmp_path, "pbxt.replicate.delivery")
    folder = tmp_path / "out"
    folder.mkdir()
    async with serving(lambda asked: reply(200, CLIP, VIDEO), tls=served) as server:
        resolve = pinned(("127.0.0.1", server.port))
        outbound = Outbound(
            ["replicate.delivery"], REAL, 10_000, resolve=resolve, is_allowed=lambda address: True, tls=trusted
        )
        await outbound.fetch(URL, folder / "clip.mp4")
    assert (folder / "clip.mp4").read_bytes() == CLIP
    assert resolve.asked == ["pbxt.replicate.delivery"]
    (asked,) = server.asked
    assert asked.path == "/a/clip.mp4?x=1"
    assert asked.headers["host"] == "pbxt.replicate.delivery"
    assert asked.headers["accept-encoding"] == "identity"
    assert not {"authorization", "cookie"} & asked.headers.keys()


async def test_a_certificate_of_another_name_is_not_believed(tmp_path):
    served, trusted = certified(tmp_path, "evil.test")
    async with serving(lambda asked: reply(200, CLIP, VIDEO), tls=served) as server:
        outbound = Outbound(
            ["replicate.delivery"],
            REAL,
            10_000,
            resolve=pinned(("127.0.0.1", server.port)),
            is_allowed=lambda address: True,
            tls=trusted,
        )
        with pytest.raises(BusyError):
            await outbound.fetch(URL, tmp_path / "clip.mp4")
        assert server.asked == []


async def test_the_next_address_of_a_name_is_tried_when_one_takes_no_connection(tmp_path, unused_tcp_port):
    served, trusted = certified(tmp_path, "pbxt.replicate.delivery")
    async with serving(lambda asked: reply(200, CLIP, VIDEO), tls=served) as server:
        outbound = Outbound(
            ["replicate.delivery"],
            REAL,
            10_000,
            resolve=pinned(("127.0.0.1", unused_tcp_port), ("127.0.0.1", server.port)),
            is_allowed=lambda address: True,
            tls=trusted,
        )
        await outbound.fetch(URL, tmp_path / "clip.mp4")
    assert (tmp_path / "clip.mp4").read_bytes() == CLIP


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/latest/meta-data/",
        "https://evil.test/clip.mp4",
        "http://127.0.0.1:1/clip.mp4",
        "//evil.test/clip.mp4",
        "file:///etc/passwd",
    ],
)
async def test_a_redirect_to_anywhere_else_is_not_followed(tmp_path, location):
    with pytest.raises(RecastError) as caught:
        await fetch_from_sandbox(tmp_path, lambda asked: reply(302, b"", {"location": location}))
    assert caught.value.code is ErrorCode.AI_PROVIDER_FAILURE


async def test_a_redirect_within_the_providers_hosts_is_checked_and_followed(tmp_path):
    def answer(asked: Asked) -> Answer:
        if asked.path == "/clip.mp4":
            return reply(302, b"", {"location": "/elsewhere.mp4", "set-cookie": "a=b"})
        return reply(200, CLIP, VIDEO)

    asked = await fetch_from_sandbox(tmp_path, answer)
    assert [each.path for each in asked] == ["/clip.mp4", "/elsewhere.mp4"]
    assert (tmp_path / "clip.mp4").read_bytes() == CLIP


async def test_a_redirect_to_a_name_with_a_private_address_is_refused(tmp_path):
    served, trusted = certified(tmp_path, "replicate.delivery", "other.replicate.delivery")

    async with serving(
        lambda asked: reply(302, b"", {"location": "https://other.replicate.delivery/"}), tls=served
    ) as server:

        async def resolve(host: str, port: int):
            return [("10.0.0.7", 443)] if host.startswith("other.") else [("127.0.0.1", server.port)]

        outbound = Outbound(
            ["replicate.delivery"],
            REAL,
            10_000,
            resolve=resolve,
            is_allowed=lambda address: str(address) == "127.0.0.1",
            tls=trusted,
        )
        with pytest.raises(RecastError) as caught:
            await outbound.fetch("https://replicate.delivery/clip.mp4", tmp_path / "clip.mp4")
    assert "10.0.0.7" in caught.value.cause
    assert len(server.asked) == 1


async def test_redirects_in_a_circle_end(tmp_path):
    async with serving(lambda asked: reply(302, b"", {"location": "/clip.mp4"})) as server:
        with pytest.raises(RecastError) as caught:
            await Outbound([], server.url, 1000).fetch(f"{server.url}/clip.mp4", tmp_path / "clip.mp4")
    assert caught.value.code is ErrorCode.AI_PROVIDER_FAILURE
    assert len(server.asked) == 4


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: video/mp4\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1000\r\n" + bytes(0x1000) + b"\r\n")
        await writer.drain()


async def stalling(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: video/mp4\r\ncontent-length: 5000\r\n\r\n" + bytes(100))
    await writer.drain()
    await asyncio.Event().wait()


async def dripping(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: video/mp4\r\ncontent-length: 9999\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.02)


async def announcing(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: video/mp4\r\ncontent-length: 10001\r\n\r\n")
    await writer.drain()
    await asyncio.Event().wait()


def chunked_and_cut() -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: video/mp4\r\ntransfer-encoding: chunked\r\n\r\n4\r\nabcd\r\n")
        await writer.drain()

    return answer


@pytest.mark.parametrize(
    ("answer", "code", "values"),
    [
        pytest.param(announcing, "CLIP_REJECTED", {"total_seconds": 5}, id="announced too large"),
        pytest.param(reply(200, CLIP, VIDEO), "CLIP_REJECTED", {"max_bytes": 1000}, id="too large"),
        pytest.param(dripping, "PROVIDER_BUSY", {"total_seconds": 0.2}, id="dripping"),
        pytest.param(endless, "CLIP_REJECTED", {}, id="too large without a word"),
        pytest.param(stalling, "PROVIDER_BUSY", {"total_seconds": 0.2}, id="stalling"),
        pytest.param(reply(200, CLIP, VIDEO, length=9000), "PROVIDER_BUSY", {}, id="cut short of its length"),
        pytest.param(chunked_and_cut(), "PROVIDER_BUSY", {}, id="cut before its last chunk"),
        pytest.param(cut, "PROVIDER_BUSY", {}, id="no answer"),
        pytest.param(reply(500, b""), "PROVIDER_BUSY", {}, id="500"),
        pytest.param(reply(403, b""), "PROVIDER_BUSY", {}, id="403"),
        pytest.param(reply(404, b""), "CLIP_LOST", {}, id="404"),
        pytest.param(reply(410, b""), "CLIP_LOST", {}, id="410"),
        pytest.param(reply(200, b"<html>", {"content-type": "text/html"}), "CLIP_REJECTED", {}, id="a page"),
        pytest.param(reply(200, {"error": 1}), "CLIP_REJECTED", {}, id="JSON"),
        pytest.param(reply(200, CLIP, {"content-type": ""}), "CLIP_REJECTED", {}, id="no type"),
        pytest.param(reply(200, CLIP, VIDEO | {"content-encoding": "gzip"}), "CLIP_REJECTED", {}, id="compressed"),
    ],
)
async def test_a_delivery_gone_wrong_leaves_nothing_behind(tmp_path, answer, code, values):
    with pytest.raises(RecastError) as caught:
        await fetch_from_sandbox(tmp_path, lambda asked: answer, **values)
    assert caught.value.code == ErrorCode(code)
    assert list(tmp_path.iterdir()) == []


async def test_a_file_that_was_there_stays_until_the_new_one_is_whole(tmp_path):
    (tmp_path / "clip.mp4").write_bytes(b"old")
    with pytest.raises(BusyError):
        await fetch_from_sandbox(tmp_path, lambda asked: reply(200, CLIP, VIDEO, length=9000))
    assert (tmp_path / "clip.mp4").read_bytes() == b"old"


async def test_a_folder_of_ours_that_is_not_there_is_not_the_providers_fault(tmp_path):
    with pytest.raises(RecastError) as caught:
        await fetch_from_sandbox(tmp_path / "missing", lambda asked: reply(200, CLIP, VIDEO))
    assert caught.value.code is ErrorCode.INTERNAL


async def test_a_name_that_is_not_known_now_may_be_known_later(tmp_path):
    async def resolve(host: str, port: int):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    with pytest.raises(BusyError):
        await Outbound(["replicate.delivery"], REAL, 1000, resolve=resolve).fetch(URL, tmp_path / "clip.mp4")
