"""Which addresses a provider's output may be fetched from."""

import ipaddress
from pathlib import Path

import pytest

from domain.errors import ErrorCode, RecastError
from resources.outbound import Outbound, is_loopback_http, is_public

REAL = "https://api.replicate.com/v1"
SANDBOX = "http://127.0.0.1:8790/replicate/v1"


@pytest.mark.parametrize("address", ["1.1.1.1", "172.217.20.14", "2606:4700::6810:85e5", "2a00:1450:4001:82f::200e"])
def test_addresses_of_the_internet_are_public(address):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::10.0.0.1",
        "fe80::1",
        "fe80::1%eth0",
        "2606:4700::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "ff0e::1",
        "::ffff:127.0.0.1",
        "::ffff:1.1.1.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::a00:1",
        "2002:a00:1::",
        "2002:7f00:1::",
        "2001:0:53aa:64c:0:0:a00:1",
        "2001:db8::1",
        "100::1",
    ],
)
def test_addresses_that_lead_inside_or_nowhere_are_not_public(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("url", ["http://127.0.0.1:8790/v1", "http://[::1]:8790/v1", "http://localhost/v1"])
def test_a_plain_address_on_this_machine_is_a_sandbox(url):
    assert is_loopback_http(url)


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1/v1", "http://127.0.0.1.example.com/v1", "http://10.0.0.1/v1", REAL, "http://localhost.x/"],
)
def test_every_other_address_is_not(url):
    assert not is_loopback_http(url)


async def nobody(host, port):
    raise AssertionError(f"{host} was looked up")


@pytest.mark.parametrize(
    "url",
    [
        "http://pbxt.replicate.delivery/clip.mp4",
        "ftp://pbxt.replicate.delivery/clip.mp4",
        "file:///etc/passwd",
        "https://replicate.delivery.evil.test/clip.mp4",
        "https://evilreplicate.delivery/clip.mp4",
        "https://replicate.delivery:8443/clip.mp4",
        "https://user:secret@replicate.delivery/clip.mp4",
        "https://replicate.delivery@evil.test/clip.mp4",
        "https://evil.test#replicate.delivery",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/clip.mp4",
        "http://127.0.0.1:8790/clip.mp4",
        "https://",
        "clip.mp4",
        "https://replicate.delivery\\@evil.test/",
    ],
)
async def test_only_https_at_the_providers_own_hosts_is_even_looked_up(tmp_path: Path, url):
    with pytest.raises(RecastError) as caught:
        await Outbound(["replicate.delivery"], REAL, 1000, resolve=nobody).fetch(url, tmp_path / "clip.mp4")
    assert caught.value.code is ErrorCode.AI_PROVIDER_FAILURE
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9999/clip.mp4", "http://10.0.0.1:8790/clip.mp4", "http://replicate.delivery/clip.mp4"]
)
async def test_a_sandbox_opens_its_own_port_of_this_machine_and_nothing_else(tmp_path: Path, url):
    with pytest.raises(RecastError) as caught:
        await Outbound(["replicate.delivery"], SANDBOX, 1000, resolve=nobody).fetch(url, tmp_path / "clip.mp4")
    assert caught.value.code is ErrorCode.AI_PROVIDER_FAILURE


@pytest.mark.parametrize(
    "addresses",
    [
        [("10.0.0.1", 443)],
        [("1.1.1.1", 443), ("169.254.169.254", 443)],
        [("64:ff9b::a00:1", 443)],
        [("127.0.0.1", 443)],
    ],
)
async def test_a_private_address_behind_a_public_name_is_refused(tmp_path: Path, addresses):
    async def resolve(host, port):
        return addresses

    with pytest.raises(RecastError) as caught:
        await Outbound(["replicate.delivery"], REAL, 1000, resolve=resolve).fetch(
            "https://pbxt.replicate.delivery/clip.mp4", tmp_path / "clip.mp4"
        )
    assert caught.value.code is ErrorCode.AI_PROVIDER_FAILURE
    assert "not a public address" in caught.value.cause
