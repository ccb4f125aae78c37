"""YouTube's captions, through youtube-transcript-api."""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import ParseError

import requests
from requests.adapters import HTTPAdapter
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential
from youtube_transcript_api import (
    AgeRestricted,
    CouldNotRetrieveTranscript,
    FailedToCreateConsentCookie,
    InvalidVideoId,
    NoTranscriptFound,
    NotTranslatable,
    PoTokenRequired,
    RequestBlocked,
    TranscriptsDisabled,
    TranslationLanguageNotAvailable,
    VideoUnavailable,
    VideoUnplayable,
    YouTubeTranscriptApi,
    YouTubeTranscriptApiException,
)
from youtube_transcript_api import Transcript as Track

from domain.errors import ErrorCode, RecastError
from domain.transcript import Chapter, Snippet, Transcript
from resources.youtube_proxy import Proxy, through_addresses

YOUTUBE = "https://www.youtube.com"
PLAYER_PATH = "/youtubei/v1/player"
WATCH_PATH = "/watch"
VIDEO_ID = re.compile(r"[0-9A-Za-z_-]{11}")
TRIES = 3
LONGEST_PAUSE_SECONDS = 8.0

TIME_STAMP = re.compile(r"\W{0,8}(?:(\d{1,2}):)?(\d{1,3}):(\d{2})(?![\d:])(.*)")
BEFORE_TITLE = " \t)]-–—:|·•."
MIN_CHAPTERS = 3
MIN_CHAPTER_SECONDS = 10.0
"""When YouTube makes chapters of a description: https://support.google.com/youtube/answer/9884579."""

LICENCE = re.compile(
    r'"metadataRowRenderer":\{"title":\{"simpleText":"License"\},'
    r'"contents":\[\{(?:"runs":\[\{"text"|"simpleText"):"([^"\\]+)"'
)
"""In the data of a watch page, in English, which the library asks for; only a Creative Commons licence is shown at all.
A description cannot pass for it: its quotation marks are escaped there."""

UNCHECKED = (AttributeError, KeyError, TypeError, ValueError, IndexError)
"""The library reads YouTube's JSON unchecked, so a changed answer shows as any of these."""


class YouTubeCaptions:
    """Reads the captions of public videos.

    ``base_url`` sends every request to the sandbox instead of YouTube, past any ``proxy``. ``timeout_seconds`` is for
    each connect and each read. ``languages`` are codes in order of preference; a video with none of them is read in its
    own language. Safe in any thread: every call has its own connections.
    """

    def __init__(
        self,
        base_url: str | None,
        proxy: Proxy | None,
        timeout_seconds: float,
        languages: Sequence[str],
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base_url = base_url
        self._proxy = None if base_url else proxy
        self._timeout_seconds = timeout_seconds
        self._languages = tuple(languages)
        self._sleep = sleep

    def fetch(self, video_id: str, *, languages: Sequence[str] = (), translate_to: str | None = None) -> Transcript:
        """The captions of one video: three requests, tried up to three times while YouTube is unreachable and, where
        the proxy rotates, again through other addresses while it blocks.

        ``languages`` come before those of this reader. Captions in ``translate_to`` are taken as they are where there
        are any; else YouTube translates the best ones, and that counts as automatic.

        Raises ``INVALID_LINK``, ``VIDEO_UNAVAILABLE``, ``VIDEO_RESTRICTED``, ``TRANSCRIPT_MISSING``,
        ``TRANSLATION_MISSING``, ``TRANSCRIPT_BLOCKED`` or ``SOURCE_UNREACHABLE``. Captions without a word are no error
        here.
        """
        if not VIDEO_ID.fullmatch(video_id):
            raise RecastError(ErrorCode.INVALID_LINK)
        wanted = (*languages, *self._languages)

        def fetch() -> Transcript:
            return while_unreachable(self._sleep)(self._fetch_once, video_id, wanted, translate_to)

        return through_addresses(self._proxy)(fetch)

    def _fetch_once(self, video_id: str, languages: Sequence[str], translate_to: str | None) -> Transcript:
        watched = _Player()
        with requests.Session() as session:
            route = _Route(self._base_url, self._proxy, self._timeout_seconds)
            session.mount("https://", route)
            session.mount("http://", route)
            session.hooks["response"].append(watched.notice)
            with coded(lambda: watched.status):
                tracks = list(YouTubeTranscriptApi(http_client=session).list(video_id))
                if not tracks:
                    raise RecastError(ErrorCode.TRANSCRIPT_MISSING, cause="the list of caption tracks is empty")
                track = choose_track(tracks, languages, translate_to=translate_to)
                snippets = tuple(Snippet(text=s.text, start=s.start, duration=s.duration) for s in track.fetch())
                return watched.transcript(video_id, track, snippets)


def while_unreachable(sleep: Callable[[float], None]) -> Retrying:
    """Calls again, with growing pauses, while YouTube does not answer as expected: up to ``TRIES`` times in all."""
    return Retrying(
        stop=stop_after_attempt(TRIES),
        wait=wait_random_exponential(multiplier=1, max=LONGEST_PAUSE_SECONDS),
        retry=retry_if_exception(_is_unreachable),
        sleep=sleep,
        reraise=True,
    )


@contextmanager
def coded(status: Callable[[], str]) -> Iterator[None]:
    """Raises what the library raises in it as the product's errors; ``status`` tells the player's playability status.
    What it does with every exception is in docs/youtube-errors.md."""
    try:
        yield
    except (YouTubeTranscriptApiException, requests.RequestException, ParseError, *UNCHECKED) as error:
        raise RecastError(_code(error, status()), cause=f"{type(error).__name__}: {_reason(error)}") from error


def choose_track(tracks: Iterable[Track], languages: Sequence[str], *, translate_to: str | None = None) -> Track:
    """The best track: first by language (``en`` takes ``en-GB`` too), then typed before heard, then the spoken one.

    A video's automatic captions are in the language that is spoken in it. A track in ``translate_to`` is better than
    any translation; without one, the best of those that YouTube translates is translated. Raises the library's
    NotTranslatable and TranslationLanguageNotAvailable.
    """
    tracks = list(tracks)
    if translate_to:
        if own := [track for track in tracks if _primary(track.language_code) == _primary(translate_to)]:
            return choose_track(own, [translate_to])
        translatable = [track for track in tracks if track.is_translatable]
        return choose_track(translatable or tracks, languages).translate(translate_to)
    spoken = {_primary(track.language_code) for track in tracks if track.is_generated}
    wanted = [_primary(language) for language in languages]

    def rank(track: Track) -> tuple[int, bool, bool, bool]:
        primary = _primary(track.language_code)
        place = wanted.index(primary) if primary in wanted else len(wanted)
        return place, track.is_generated, track.language_code not in languages, primary not in spoken

    return min(tracks, key=rank)


def read_chapters(description: str) -> tuple[Chapter, ...]:
    """The chapters that YouTube makes of a video's description; none unless the time stamps keep its rules:
    from 0:00 on, at least three, ascending, each ten seconds or longer."""
    stamps = (stamp.groups() for line in description.splitlines() if (stamp := TIME_STAMP.match(line)))
    chapters = tuple(
        Chapter(title=title, start=float(int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)))
        for hours, minutes, seconds, rest in stamps
        if (title := rest.lstrip(BEFORE_TITLE).rstrip())
    )
    starts = [chapter.start for chapter in chapters]
    gaps = (later - earlier for earlier, later in pairwise(starts))
    if len(chapters) < MIN_CHAPTERS or starts[0] != 0 or any(gap < MIN_CHAPTER_SECONDS for gap in gaps):
        return ()
    return chapters


class _Player:
    """Overhears the watch page and the player's answer, which the library fetches and keeps for itself."""

    def __init__(self) -> None:
        self._answer: dict[str, Any] = {}
        self._licence = ""

    def notice(self, response: requests.Response, **_: object) -> None:
        if response.ok and urlsplit(response.url).path.endswith(WATCH_PATH):
            shown = LICENCE.search(response.content.decode(errors="replace"))
            self._licence = shown[1] if shown else ""
        if response.ok and urlsplit(response.url).path.endswith(PLAYER_PATH):
            try:
                answer = response.json()
            except ValueError:
                return
            self._answer = answer if isinstance(answer, dict) else {}

    @property
    def status(self) -> str:
        return str((self._answer.get("playabilityStatus") or {}).get("status"))

    def transcript(self, video_id: str, track: Track, snippets: tuple[Snippet, ...]) -> Transcript:
        details = self._answer.get("videoDetails") or {}
        last_word = max((snippet.start + snippet.duration for snippet in snippets), default=0.0)
        return Transcript(
            video_id=video_id,
            title=str(details.get("title") or video_id),
            channel=str(details.get("author") or ""),
            duration_seconds=float(details.get("lengthSeconds") or 0) or last_word,
            language=track.language_code,
            is_generated=track.is_generated,
            snippets=snippets,
            chapters=read_chapters(str(details.get("shortDescription") or "")),
            licence=self._licence,
            thumbnail_url=_largest(details.get("thumbnail")),
        )


class _Route(HTTPAdapter):
    """Gives every request a time-out, which the library forgets, and sends it to the sandbox or through the proxy."""

    def __init__(self, base_url: str | None, proxy: Proxy | None, timeout_seconds: float) -> None:
        super().__init__()
        self._base_url = base_url
        self._proxy = proxy
        self._timeout_seconds = timeout_seconds

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        options["timeout"] = (self._timeout_seconds, self._timeout_seconds)
        url = request.url or ""
        if self._base_url and url.startswith(YOUTUBE):
            request = request.copy()
            request.url = self._base_url.rstrip("/") + url.removeprefix(YOUTUBE)
            options["proxies"] = {}
        elif self._proxy:
            options["proxies"] = {"http": self._proxy.url, "https": self._proxy.url}
            if self._proxy.rotates:
                # A connection that stays open stays with its address.
                request.headers["Connection"] = "close"
        return super().send(request, *args, **options)


def _largest(thumbnail: Any) -> str | None:
    """The address of the widest of YouTube's pictures of a video."""
    pictures: list[dict[str, Any]] = (thumbnail or {}).get("thumbnails") or [{}]
    url = str(max(pictures, key=lambda picture: int(picture.get("width") or 0)).get("url"))
    return url if url.startswith("https://") else None


def _code(error: Exception, status: str) -> ErrorCode:
    """One code for each way to fail."""
    match error:
        case RequestBlocked() | FailedToCreateConsentCookie():
            return ErrorCode.TRANSCRIPT_BLOCKED
        case VideoUnavailable():
            return ErrorCode.VIDEO_UNAVAILABLE
        case AgeRestricted():
            return ErrorCode.VIDEO_RESTRICTED
        case InvalidVideoId():
            return ErrorCode.INVALID_LINK
        case VideoUnplayable():
            return _unplayable_code(_reason(error), status)
        case NotTranslatable() | TranslationLanguageNotAvailable():
            return ErrorCode.TRANSLATION_MISSING
        case TranscriptsDisabled() | NoTranscriptFound():
            return ErrorCode.TRANSCRIPT_MISSING
        case PoTokenRequired() | ParseError():
            return ErrorCode.TRANSCRIPT_MISSING
        case _:
            return ErrorCode.SOURCE_UNREACHABLE


def _unplayable_code(reason: str, status: str) -> ErrorCode:
    """The library knows YouTube's bot check by a curly apostrophe only, so it is matched loosely here."""
    reason = reason.lower()
    if "not a bot" in reason or "isn't available, try again later" in reason.replace("’", "'"):
        return ErrorCode.TRANSCRIPT_BLOCKED
    if status == "ERROR" or "private" in reason or "recording is not available" in reason:
        return ErrorCode.VIDEO_UNAVAILABLE
    return ErrorCode.VIDEO_RESTRICTED


def _reason(error: Exception) -> str:
    """What happened, without the advice that the library adds to it."""
    if isinstance(error, VideoUnplayable):
        return ". ".join([error.reason or "no reason given", *error.sub_reasons])
    text = error.cause if isinstance(error, CouldNotRetrieveTranscript) else str(error)
    return " ".join(text.split("\n\n")[0].split())


def _is_unreachable(error: BaseException) -> bool:
    return isinstance(error, RecastError) and error.code is ErrorCode.SOURCE_UNREACHABLE


def _primary(language: str) -> str:
    return language.partition("-")[0].lower()
