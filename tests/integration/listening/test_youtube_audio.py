"""The sound of videos, through the real yt-dlp, from a server that answers as YouTube does."""

import asyncio
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from domain.errors import ErrorCode, RecastError
from resources.youtube_audio import MEANINGS, YouTubeAudio, rerouted
from sandbox.youtube.videos import library
from tests.integration.listening.tube import SOUND, VIDEO, Tube


def source(tube: Tube, **changes: Any) -> YouTubeAudio:
    limits = {"max_seconds": 3600.0, "max_bytes": 10_000_000, "total_timeout_seconds": 60.0, **changes}
    return YouTubeAudio(tube.url, None, 5, **limits)


async def test_the_sound_arrives_as_youtube_has_it(tube: Tube, tmp_path: Path) -> None:
    shares: list[float] = []
    fetched = await source(tube).fetch(VIDEO, tmp_path, shares.append)
    assert fetched.path.read_bytes() == SOUND
    assert (fetched.listing.extension, fetched.listing.format_id) == ("m4a", "140")
    assert fetched.listing.title == library()[VIDEO].title
    assert fetched.listing.duration == library()[VIDEO].length_seconds
    assert shares[-1] == 1.0
    assert shares == sorted(shares)


async def test_picture_and_licence_are_kept(tube: Tube) -> None:
    assert (await source(tube).look(VIDEO)).thumbnail_url == f"https://i.ytimg.com/vi/{VIDEO}/hqdefault.jpg"
    # The sandbox's client gets no page on which a licence stands; yt-dlp reads it there.
    licence = "Creative Commons Attribution license (reuse allowed)"
    listing = source(tube)._judged(VIDEO, {"license": licence, "thumbnail": "http://i.ytimg.com/x.jpg"})
    assert (listing.licence, listing.thumbnail_url) == (licence, None)


async def test_looking_downloads_nothing(tube: Tube) -> None:
    listing = await source(tube).look(VIDEO)
    assert listing.size_bytes == len(SOUND)
    assert "/videoplayback" not in tube.asked


@pytest.mark.parametrize(
    ("limits", "code"),
    [({"max_seconds": 100.0}, ErrorCode.VIDEO_TOO_LONG), ({"max_bytes": 1000}, ErrorCode.TOO_LARGE)],
)
async def test_what_is_too_much_is_refused_before_it_is_downloaded(
    tube: Tube, tmp_path: Path, limits: dict[str, Any], code: ErrorCode
) -> None:
    with pytest.raises(RecastError) as refused:
        await source(tube, **limits).fetch(VIDEO, tmp_path)
    assert refused.value.code is code
    assert "/videoplayback" not in tube.asked


async def test_more_bytes_than_were_told_are_not_taken(tube: Tube, tmp_path: Path) -> None:
    tube.told_bytes = 10_000
    with pytest.raises(RecastError) as refused:
        await source(tube, max_bytes=100_000).fetch(VIDEO, tmp_path)
    assert refused.value.code is ErrorCode.TOO_LARGE


async def test_a_download_that_is_broken_off_hangs_up(tube: Tube, tmp_path: Path) -> None:
    tube.told_bytes = 10_000
    with pytest.raises(RecastError) as refused:
        await source(tube, max_bytes=100_000).fetch(VIDEO, tmp_path)
    port = urlsplit(tube.url).port
    kept = [one for one in psutil.Process().net_connections("tcp") if one.raddr and one.raddr.port == port]
    assert (refused.value.code, kept) == (ErrorCode.TOO_LARGE, [])


@pytest.mark.parametrize(
    ("details", "playability"),
    [
        ({"isLive": True, "isLiveContent": True}, None),
        ({"isUpcoming": True}, {"status": "LIVE_STREAM_OFFLINE", "reason": "This live event will begin in 2 hours."}),
        ({"isUpcoming": True}, {"status": "LIVE_STREAM_OFFLINE", "reason": "Premieres in 3 days"}),
    ],
)
async def test_what_is_live_or_to_come_is_refused(
    tube: Tube, tmp_path: Path, details: dict[str, Any], playability: dict[str, Any] | None
) -> None:
    tube.details, tube.playability = details, playability
    with pytest.raises(RecastError) as refused:
        await source(tube).fetch(VIDEO, tmp_path)
    assert refused.value.code is ErrorCode.VIDEO_RESTRICTED
    assert "/videoplayback" not in tube.asked


@pytest.mark.parametrize(
    ("status", "reason", "code"),
    [
        ("LOGIN_REQUIRED", "Sign in to confirm you’re not a bot", ErrorCode.TRANSCRIPT_BLOCKED),
        ("LOGIN_REQUIRED", "Sign in to confirm you're not a bot", ErrorCode.TRANSCRIPT_BLOCKED),
        ("LOGIN_REQUIRED", "Sign in to confirm your age", ErrorCode.VIDEO_RESTRICTED),
        ("LOGIN_REQUIRED", "This video is private", ErrorCode.VIDEO_UNAVAILABLE),
        ("ERROR", "Video unavailable", ErrorCode.VIDEO_UNAVAILABLE),
        ("ERROR", "This video has been removed by the uploader", ErrorCode.VIDEO_UNAVAILABLE),
        ("UNPLAYABLE", "The uploader has not made this video available in your country", ErrorCode.VIDEO_RESTRICTED),
        ("UNPLAYABLE", "Join this channel to get access to members-only content", ErrorCode.VIDEO_RESTRICTED),
    ],
)
async def test_every_way_to_be_refused_has_its_code(tube: Tube, status: str, reason: str, code: ErrorCode) -> None:
    tube.playability = {"status": status, "reason": reason}
    with pytest.raises(RecastError) as refused:
        await source(tube).look(VIDEO)
    assert refused.value.code is code, refused.value.cause


async def test_a_media_server_that_refuses_this_address_is_a_block(tube: Tube, tmp_path: Path) -> None:
    tube.sound_status = 403
    with pytest.raises(RecastError) as refused:
        await source(tube).fetch(VIDEO, tmp_path)
    assert refused.value.code is ErrorCode.TRANSCRIPT_BLOCKED


async def test_a_server_that_is_not_there_may_come_back(tube: Tube) -> None:
    away = YouTubeAudio("http://127.0.0.1:9", None, 1, max_seconds=60, max_bytes=100, total_timeout_seconds=5)
    with pytest.raises(RecastError) as refused:
        await away.look(VIDEO)
    assert refused.value.code is ErrorCode.SOURCE_UNREACHABLE


async def test_a_download_that_is_canceled_stops_and_leaves_its_thread(tube: Tube, tmp_path: Path) -> None:
    tube.hold = threading.Event()
    fetching = asyncio.create_task(source(tube).fetch(VIDEO, tmp_path))
    async with asyncio.timeout(20):
        while "/videoplayback" not in tube.asked:
            await asyncio.sleep(0.02)
    fetching.cancel()
    await asyncio.sleep(0)
    tube.hold.set()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    assert not await asyncio.to_thread(lambda: list(tmp_path.glob("*.m4a")))


async def test_a_download_that_takes_too_long_is_given_up(tube: Tube, tmp_path: Path) -> None:
    ticks = iter(range(0, 100_000, 50))
    slow = source(tube, total_timeout_seconds=20.0, now=lambda: float(next(ticks)))
    with pytest.raises(RecastError) as late:
        await slow.fetch(VIDEO, tmp_path)
    assert late.value.code is ErrorCode.SOURCE_UNREACHABLE


def test_only_youtubes_own_addresses_are_rerouted() -> None:
    base = "http://127.0.0.1:8090/youtube"
    assert rerouted("https://www.youtube.com/watch?v=x", base) == f"{base}/watch?v=x"
    assert rerouted("https://rr1.googlevideo.com/videoplayback?id=1", base) == f"{base}/videoplayback?id=1"
    for foreign in ("https://notyoutube.com/x", "https://youtube.com.evil.example/x", f"{base}/audio"):
        assert rerouted(foreign, base) == foreign


def test_every_meaning_is_a_code_of_the_source() -> None:
    codes = {code for _, code in MEANINGS}
    assert codes <= {ErrorCode.TRANSCRIPT_BLOCKED, ErrorCode.VIDEO_UNAVAILABLE, ErrorCode.VIDEO_RESTRICTED}
