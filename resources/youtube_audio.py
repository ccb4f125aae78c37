"""The sound of YouTube videos, through yt-dlp, in two phases: look, and judge; then download within bounds."""

import asyncio
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict

from domain.errors import ErrorCode, RecastError
from domain.links import watch_url
from domain.transcript import Chapter
from resources.youtube_proxy import Proxy, through_addresses

if TYPE_CHECKING:
    from yt_dlp import YoutubeDL
    from yt_dlp.networking import Request, Response

FORMAT = "bestaudio[ext=m4a]/bestaudio[ext=webm]/bestaudio/worst[acodec!=none]"
"""As YouTube has it: no conversion here, and no picture, unless there is no sound without one."""
SERVED_BY_BASE_URL = ("youtube.com", "googlevideo.com", "youtubei.googleapis.com", "ytimg.com")
EXTRACTOR_TRIES = 2
FRAGMENT_TRIES = 3
LIVE = frozenset({"is_live", "is_upcoming", "post_live"})
"""post_live: the stream has ended and is still being made into a video."""
PLAIN_CLIENT = {"youtube": {"player_client": ["visionos"], "player_skip": ["configs", "js", "initial_data"]}}
"""For the sandbox: the one client whose addresses need no JavaScript to be read."""

BLOCKED, UNAVAILABLE, RESTRICTED = (
    ErrorCode.TRANSCRIPT_BLOCKED,
    ErrorCode.VIDEO_UNAVAILABLE,
    ErrorCode.VIDEO_RESTRICTED,
)
MEANINGS: Sequence[tuple[re.Pattern[str], ErrorCode]] = tuple(
    (re.compile(pattern, re.IGNORECASE), code)
    for pattern, code in (
        # The first that matches counts. YouTube's apostrophes are straight or curly.
        (
            r"not a bot|unusual traffic|captcha|HTTP Error 429|Too Many Requests|content isn.t available, try again",
            BLOCKED,
        ),
        (r"HTTP Error 403", BLOCKED),  # a media server that refuses this address, or an address that has expired
        (r"PO Token|rate-limited|likely being blocked", BLOCKED),
        (r"not currently live|live stream recording is not available", UNAVAILABLE),
        (r"live event will begin|Premieres? (?:in|will)|will begin in|This live (?:event|stream)", RESTRICTED),
        (r"available in your country|geo.?restrict|not available from your location|blocked it in your", RESTRICTED),
        (r"confirm your age|age.?restricted|inappropriate for some users", RESTRICTED),
        (
            r"members.only|join this channel|only available to Music Premium|requires payment|purchase|rental",
            RESTRICTED,
        ),
        (r"private video|video is private|sign in if you.ve been granted access", UNAVAILABLE),
        (r"has been (?:removed|terminated)|no longer available|account .{0,40}(?:terminated|closed)", UNAVAILABLE),
        (r"copyright (?:claim|grounds)|contains content from", RESTRICTED),
        (r"video (?:is )?(?:unavailable|not available)|does not exist|Incomplete YouTube ID", UNAVAILABLE),
        (r"DRM protected|is known to use DRM", RESTRICTED),
        (r"sign in|log ?in|cookies", RESTRICTED),
        (r"Requested format is not available|No video formats found", UNAVAILABLE),
    )
)
"""What yt-dlp says, and what it means to the user; anything else is SOURCE_UNREACHABLE, which may be tried again."""

OnProgress = Callable[[float], None]
"""Called, in another thread, with the share (0 to 1) that has arrived."""


class Listing(BaseModel):
    """What YouTube says of a video before anything of it is downloaded. ``language`` and ``licence`` are empty when it
    does not say."""

    model_config = ConfigDict(frozen=True)

    video_id: str
    title: str
    channel: str
    duration: float
    language: str
    chapters: tuple[Chapter, ...]
    size_bytes: int | None
    format_id: str
    extension: str
    licence: str = ""
    thumbnail_url: str | None = None


@dataclass(frozen=True, slots=True)
class SourceAudio:
    path: Path
    listing: Listing


class YouTubeAudio:
    """Fetches the sound of public videos, as YouTube has it.

    ``base_url`` sends every request to the sandbox instead of YouTube, past any ``proxy``. Where that rotates, what is
    blocked is asked for again through other addresses, one for each try. ``socket_timeout_seconds`` is for each connect
    and read, ``total_timeout_seconds`` for fetching one video, whatever it takes.
    """

    def __init__(
        self,
        base_url: str | None,
        proxy: Proxy | None,
        socket_timeout_seconds: float,
        *,
        max_seconds: float,
        max_bytes: int,
        total_timeout_seconds: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base_url = base_url
        self._proxy = None if base_url else proxy
        self._socket_timeout_seconds = socket_timeout_seconds
        self._max_seconds = max_seconds
        self._max_bytes = max_bytes
        self._total_timeout_seconds = total_timeout_seconds
        self._now = now

    async def look(self, video_id: str) -> Listing:
        """What there is to fetch. Raises VIDEO_TOO_LONG, TOO_LARGE, VIDEO_RESTRICTED for what is live or to come, and
        VIDEO_UNAVAILABLE, TRANSCRIPT_BLOCKED or SOURCE_UNREACHABLE."""

        def look() -> Listing:
            _, listing = self._look(video_id, self._address(), threading.Event())
            return listing

        return await asyncio.to_thread(through_addresses(self._proxy), look)

    async def fetch(self, video_id: str, folder: Path, on_progress: OnProgress | None = None) -> SourceAudio:
        """Look, then download into ``folder``. Raises as ``look``, and DISK_FULL. A caller that is canceled leaves no
        download behind: it waits until the thread has noticed."""
        stop = threading.Event()
        began = self._now()

        def fetch() -> SourceAudio:
            return self._fetch(video_id, folder, on_progress, self._address(), began, stop)

        fetching = asyncio.ensure_future(asyncio.to_thread(through_addresses(self._proxy), fetch))
        try:
            return await asyncio.shield(fetching)
        except asyncio.CancelledError:
            stop.set()
            with suppress(RecastError):
                await fetching
            raise

    def _address(self) -> str:
        """The proxy of one try, empty for none. YouTube gives a sound only to the address that has looked for it."""
        return self._proxy.held() if self._proxy else ""

    def _look(self, video_id: str, address: str, stop: threading.Event) -> tuple[dict[str, Any], Listing]:
        with coded(), self._ydl({}, address, stop) as ydl:
            found = ydl.extract_info(watch_url(video_id), download=False, ie_key="Youtube")
            details: dict[str, Any] = dict(ydl.sanitize_info(found) or {})
        return details, self._judged(video_id, details)

    def _judged(self, video_id: str, found: Mapping[str, Any]) -> Listing:
        """Raises the code of what speaks against fetching it."""
        if found.get("live_status") in LIVE or found.get("is_live"):
            raise RecastError(
                RESTRICTED,
                "This video is live, or not yet to be seen.",
                cause=f"live_status {found.get('live_status')}",
            )
        duration = float(found.get("duration") or 0)
        if duration > self._max_seconds:
            raise RecastError(
                ErrorCode.VIDEO_TOO_LONG,
                f"The video lasts {duration / 60:.0f} minutes; at most {self._max_seconds / 60:.0f} are accepted.",
            )
        size = found.get("filesize") or found.get("filesize_approx")
        if size and size > self._max_bytes:
            raise RecastError(
                ErrorCode.TOO_LARGE,
                f"The sound of the video has {size / 1e6:.0f} MB; at most {self._max_bytes / 1e6:.0f} are accepted.",
            )
        return Listing(
            video_id=video_id,
            title=str(found.get("title") or video_id),
            channel=str(found.get("channel") or found.get("uploader") or ""),
            duration=duration,
            language=str(found.get("language") or "").partition("-")[0],
            chapters=tuple(
                Chapter(title=str(chapter.get("title") or ""), start=float(chapter.get("start_time") or 0))
                for chapter in found.get("chapters") or ()
            ),
            size_bytes=int(size) if size else None,
            format_id=str(found.get("format_id") or ""),
            extension=str(found.get("ext") or ""),
            licence=str(found.get("license") or ""),
            thumbnail_url=_secure(found.get("thumbnail")),
        )

    def _fetch(
        self,
        video_id: str,
        folder: Path,
        on_progress: OnProgress | None,
        address: str,
        began: float,
        stop: threading.Event,
    ) -> SourceAudio:
        details, listing = self._look(video_id, address, stop)
        for rest in folder.glob(f"{video_id}.*"):
            # Of another try, which may have had another format.
            rest.unlink()

        def watch(state: Mapping[str, Any]) -> None:
            arrived = float(state.get("downloaded_bytes") or 0)
            if arrived > self._max_bytes:
                raise _Stopped(RecastError(ErrorCode.TOO_LARGE, "The sound of the video is larger than is accepted."))
            if self._now() - began > self._total_timeout_seconds:
                raise _Stopped(RecastError(ErrorCode.SOURCE_UNREACHABLE, cause="the download took longer than it may"))
            if stop.is_set():
                raise _Stopped(RecastError(ErrorCode.JOB_CANCELED))
            total = float(state.get("total_bytes") or state.get("total_bytes_estimate") or 0)
            if on_progress and total:
                on_progress(min(1.0, arrived / total))

        options = {
            "outtmpl": str(folder / f"{video_id}.%(ext)s"),
            "max_filesize": self._max_bytes,
            "progress_hooks": [watch],
            "noprogress": True,
        }
        with coded(), self._ydl(options, address, stop) as ydl:
            ydl.process_ie_result(details, download=True)
        files = [path for path in folder.glob(f"{video_id}.*") if path.suffix not in (".part", ".ytdl")]
        if not files:
            # It says so by leaving nothing behind.
            raise RecastError(ErrorCode.TOO_LARGE, "The sound of the video is larger than is accepted.")
        return SourceAudio(files[0], listing)

    def _ydl(self, more: Mapping[str, Any], address: str, stop: threading.Event) -> "YoutubeDL":
        options: dict[str, Any] = {
            "quiet": True,
            "no_warnings": True,
            "logger": _Silent(),
            "format": FORMAT,
            "noplaylist": True,
            "allowed_extractors": ["^youtube$"],
            "cachedir": False,
            "socket_timeout": self._socket_timeout_seconds,
            "extractor_retries": EXTRACTOR_TRIES,
            "retries": FRAGMENT_TRIES,
            "fragment_retries": FRAGMENT_TRIES,
            "overwrites": True,
            "updatetime": False,
            "ignoreerrors": False,
            **({"proxy": address} if address else {}),
            **({"extractor_args": PLAIN_CLIENT, "proxy": ""} if self._base_url else {}),
            **more,
        }
        return _routed(options, self._base_url, stop)


class _Stopped(Exception):
    """Leaves yt-dlp from within; it is none of the errors that yt-dlp catches."""

    def __init__(self, error: RecastError) -> None:
        self.error = error
        super().__init__(str(error))


class _Silent:
    """yt-dlp's own lines: what matters in them comes as an error."""

    def debug(self, line: str) -> None: ...
    def info(self, line: str) -> None: ...
    def warning(self, line: str) -> None: ...
    def error(self, line: str) -> None: ...


def _routed(options: Mapping[str, Any], base_url: str | None, stop: threading.Event) -> "YoutubeDL":
    """A yt-dlp whose requests go to ``base_url``, where that is set, and that notices between two of them that it is to
    stop."""
    # Seconds of imports, which runs that fetch no audio do not pay.
    from yt_dlp import YoutubeDL
    from yt_dlp.networking import Request

    answers: list[Response] = []

    class Routed(YoutubeDL):  # type: ignore[misc]
        def urlopen(self, req: "Request | str") -> "Response":
            if stop.is_set():
                raise _Stopped(RecastError(ErrorCode.JOB_CANCELED))
            request = Request(req) if isinstance(req, str) else req
            if base_url:
                request.url = rerouted(request.url, base_url)
            answers.append(super().urlopen(request))
            return answers[-1]

        def close(self) -> None:
            # An answer that was broken off would stay open as long as anybody looks at the error.
            for answer in answers:
                answer.close()
            super().close()

    return Routed(dict(options))


@contextmanager
def coded() -> Iterator[None]:
    """Raises what yt-dlp raises in it as the product's errors. What it does with every exception is in
    docs/youtube-errors.md."""
    from yt_dlp.networking.exceptions import RequestError
    from yt_dlp.utils import YoutubeDLError

    try:
        yield
    except _Stopped as stopped:
        raise stopped.error from None
    except (YoutubeDLError, RequestError, OSError) as error:
        raise _translated(error) from error
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        # It reads YouTube's JSON mostly unchecked.
        raise RecastError(ErrorCode.SOURCE_UNREACHABLE, cause=f"{type(error).__name__}: {error}") from error


def _secure(url: Any) -> str | None:
    return url if isinstance(url, str) and url.startswith("https://") else None


def rerouted(url: str, base_url: str) -> str:
    """The address at the sandbox that stands for one of YouTube's; others stay as they are."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not any(host == served or host.endswith(f".{served}") for served in SERVED_BY_BASE_URL):
        return url
    base = urlsplit(base_url)
    return urlunsplit((base.scheme, base.netloc, base.path.rstrip("/") + parts.path, parts.query, ""))


def _translated(error: BaseException) -> RecastError:
    said = " ".join(str(error).split())
    if "No space left on device" in said:
        return RecastError(ErrorCode.DISK_FULL, cause=said)
    code = next((code for pattern, code in MEANINGS if pattern.search(said)), ErrorCode.SOURCE_UNREACHABLE)
    detail = "YouTube refuses this video's sound to this server's address." if code is BLOCKED else None
    return RecastError(code, detail, cause=f"{type(error).__name__}: {said}")
