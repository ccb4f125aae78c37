"""What Recast makes of every exception of the libraries that read YouTube: each is given to the code that meets it.

``python -m tests.unit.youtube_errors > docs/youtube-errors.md`` writes it down."""

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby
from pathlib import Path
from xml.etree.ElementTree import ParseError

import requests
import youtube_transcript_api as captions
from tenacity import Retrying
from youtube_transcript_api import CookieInvalid, CookiePathInvalid, InvalidVideoId
from youtube_transcript_api._errors import CookieError
from yt_dlp import YoutubeDL
from yt_dlp.extractor.youtube import YoutubeIE
from yt_dlp.networking import Response
from yt_dlp.networking import exceptions as net
from yt_dlp.utils import (
    ContentTooShortError,
    DownloadError,
    ExtractorError,
    GeoRestrictedError,
    RegexNotFoundError,
    UnavailableVideoError,
    YoutubeDLError,
)
from yt_dlp.utils.traversal import _RequiredError

from domain.errors import RecastError
from resources.settings import Settings
from resources.youtube import coded as coded_captions
from resources.youtube import while_unreachable
from resources.youtube_audio import MEANINGS
from resources.youtube_audio import coded as coded_sound
from resources.youtube_proxy import Proxy, through_addresses
from studio.transcribing import LISTENING_HELPS
from studio.work import as_recast_error

DOCUMENT = Path(__file__).parents[2] / "docs" / "youtube-errors.md"
COMMAND = "python -m tests.unit.youtube_errors > docs/youtube-errors.md"
ID = "dQw4w9WgXcQ"
HEAD = f"""# What goes wrong with YouTube

Every exception of youtube-transcript-api and of yt-dlp, and what Recast does with it. A test gives each to the code
that meets it and compares with this file; this writes it anew:

```
{COMMAND}
```

The sound is listened to where speech recognition is set up (`listening.md`); elsewhere the import ends there, too. A
rotating proxy is set as `operations.md` says.
"""


@dataclass(frozen=True)
class Case:
    """One thing to be raised; ``status`` is the player's playability status, ``shows`` what stands for it in the
    table: its class, unless it is told by its words."""

    error: Exception
    when: str
    status: str = "OK"
    shows: str = ""


def unplayable(status: str, reason: str, when: str, *subreasons: str) -> Case:
    said = ". ".join([reason, *subreasons])
    return Case(captions.VideoUnplayable(ID, reason, list(subreasons)), when, status, f'`VideoUnplayable` "{said}"')


def says(message: str, when: str) -> Case:
    return Case(DownloadError(f"ERROR: [youtube] {ID}: {message}"), when, shows=f'`DownloadError` "{message}"')


def http(status: int, when: str) -> Case:
    error = net.HTTPError(Response(BytesIO(), "https://www.youtube.com", {}, status))
    return Case(error, when, shows=f'`HTTPError` "{error}"')


def subclasses(of: type[Exception]) -> Iterator[type[Exception]]:
    for found in of.__subclasses__():
        yield found
        yield from subclasses(found)


def of_requests() -> set[type[Exception]]:
    """Those of the library itself; those of others that build upon it are not met."""
    own = {one for one in subclasses(requests.RequestException) if one.__module__ == "requests.exceptions"}
    return {requests.RequestException, *own}


CAPTIONS = (
    Case(captions.RequestBlocked(ID), "YouTube takes this address for a bot"),
    Case(captions.IpBlocked(ID), "a 429, or a captcha in the place of the watch page"),
    Case(captions.FailedToCreateConsentCookie(ID), "the consent page cannot be left"),
    Case(captions.VideoUnavailable(ID), "there is no such video"),
    Case(captions.AgeRestricted(ID), "viewers have to prove their age"),
    unplayable("LOGIN_REQUIRED", "This video is private", "private"),
    unplayable("ERROR", "This video has been removed by the uploader", "removed"),
    unplayable("ERROR", "This video is no longer available because the YouTube account associated with this video has"
               " been terminated.", "its channel is gone"),
    unplayable("UNPLAYABLE", "Video unavailable", "not shown in this country",
               "The uploader has not made this video available in your country"),
    unplayable("UNPLAYABLE", "Join this channel to get access to members-only content like this video, and other"
               " exclusive perks.", "for members"),
    unplayable("UNPLAYABLE", "This video requires payment to watch", "to be bought"),
    unplayable("LIVE_STREAM_OFFLINE", "Premieres in 3 hours", "to be premiered"),
    unplayable("LIVE_STREAM_OFFLINE", "This live event will begin in 2 hours.", "to be live"),
    unplayable("LIVE_STREAM_OFFLINE", "This live stream recording is not available.", "a stream without a recording"),
    unplayable("CONTENT_CHECK_REQUIRED", "The following content may contain suicide or self-harm topics",
               "to be shown after a warning"),
    unplayable("LOGIN_REQUIRED", "Sign in to confirm you're not a bot", "a block that the library does not recognise"),
    unplayable("UNPLAYABLE", "Video unavailable", "this address has asked too often",
               "This content isn't available, try again later."),
    Case(captions.VideoUnplayable(ID, None, []), "YouTube gives no reason", "UNPLAYABLE",
         "`VideoUnplayable` without a reason"),
    Case(captions.TranscriptsDisabled(ID), "there are no captions, or they are switched off"),
    Case(captions.NoTranscriptFound(ID, ["en"], captions.TranscriptList(ID, {}, {}, [])), "none is in this language"),
    Case(captions.PoTokenRequired(ID), "only YouTube's own player may read them"),
    Case(ParseError("no element found: line 1, column 0"), "their file is empty"),
    Case(captions.NotTranslatable(ID), "a translation is asked for, and YouTube translates none of them"),
    Case(captions.TranslationLanguageNotAvailable(ID), "YouTube does not translate into that language"),
    Case(InvalidVideoId(ID), "an address in the place of an id; Recast lets none through"),
    Case(captions.YouTubeRequestFailed(ID, requests.HTTPError("503 Server Error: Service Unavailable")),
         "any other status from 400 on"),
    Case(captions.YouTubeDataUnparsable(ID), "a watch page of another form"),
    Case(requests.JSONDecodeError("Expecting value", "", 0), "YouTube's answer is no JSON"),
    *(Case(error(), "the network, the proxy or YouTube gives no whole answer")
      for error in sorted(of_requests() - {requests.JSONDecodeError}, key=lambda error: error.__name__)),
    *(Case(error("'playabilityStatus'"), "YouTube's JSON has another form, and the library reads it unchecked")
      for error in (AttributeError, KeyError, TypeError, ValueError, IndexError)),
    *(Case(error, "cookies, which Recast does not use")
      for error in (CookieError(), CookieInvalid(Path("cookies")), CookiePathInvalid(Path("cookies")))),
    Case(captions.CouldNotRetrieveTranscript(ID), "whatever else the library calls a failure"),
    Case(captions.YouTubeTranscriptApiException(), "whatever else the library calls a failure"),
    Case(RuntimeError(), "a fault of the library or of Recast", shows="anything else"),
)  # fmt: skip

SOUND = (
    says("Sign in to confirm you’re not a bot. Use --cookies-from-browser or --cookies for the authentication",
         "YouTube takes this address for a bot"),
    says("Video unavailable. YouTube is requiring a captcha challenge before playback", "a captcha"),
    says("Video unavailable. This content isn't available, try again later. The current session has been rate-limited"
         " by YouTube for up to an hour", "this address has asked too often"),
    says("All player responses are invalid. Your IP is likely being blocked by Youtube", "answers for another video"),
    says("unable to download video data: HTTP Error 403: Forbidden",
         "the media server refuses this address, or the sound's address has expired"),
    says("This live event will begin in 2 hours.", "to be live"),
    says("Premieres in 3 days", "to be premiered"),
    says("This live stream recording is not available.", "a stream without a recording"),
    says("The uploader has not made this video available in your country", "not shown in this country"),
    says("Sign in to confirm your age. This video may be inappropriate for some users.", "viewers have to prove their"
         " age"),
    says("Join this channel to get access to members-only content like this video, and other exclusive perks.",
         "for members"),
    says("This video requires payment to watch", "to be bought"),
    says("This video is only available to Music Premium members", "for subscribers"),
    says("Private video. Sign in if you've been granted access to this video", "private"),
    says("This video has been removed by the uploader", "removed"),
    says("This video is no longer available because the YouTube account associated with this video has been"
         " terminated.", "its channel is gone"),
    says("This video contains content from SME, who has blocked it on copyright grounds", "somebody claims it"),
    says("Video unavailable", "there is no such video"),
    says("This video is DRM protected", "it is protected"),
    says("Please sign in. Use --cookies-from-browser or --cookies for the authentication", "for those who sign in"),
    says("Requested format is not available. Use --list-formats for a list of available formats",
         "it has no sound that can be fetched"),
    says("No video formats found!", "it has no sound that can be fetched"),
    Case(GeoRestrictedError("This video is not available from your location due to geo restriction"),
         "not shown in this country"),
    http(429, "this address has asked too often"),
    http(403, "YouTube refuses this address"),
    http(503, "any other status from 400 on"),
    says("unable to write data: [Errno 28] No space left on device", "the worker's disk is full"),
    Case(OSError(28, "No space left on device"), "the worker's disk is full", shows="`OSError` 28"),
    *(Case(error, "the network, the proxy or YouTube gives no whole answer") for error in (
        net.TransportError("Connection refused"), net.IncompleteRead(512, 1024), net.SSLError("bad record mac"),
        net.CertificateVerifyError("certificate verify failed"), net.ProxyError("Unable to connect to proxy"),
        net.RequestError("it was not sent"), ConnectionResetError("Connection reset by peer"),
        TimeoutError("timed out"), OSError("Network is unreachable"))),
    Case(ssl.SSLError("bad record mac"), "the network, the proxy or YouTube gives no whole answer",
         shows="`ssl.SSLError`"),
    Case(ContentTooShortError(512, 1024), "it breaks off again and again"),
    Case(UnavailableVideoError("Read-only file system"), "it cannot be written"),
    *(Case(error, "YouTube's page or player has another form: update yt-dlp") for error in (
        ExtractorError("Failed to extract any player response"), RegexNotFoundError("Unable to extract title"),
        _RequiredError("Unable to extract formats"))),
    *(Case(error("'playabilityStatus'"), "YouTube's JSON has another form, and yt-dlp reads it unchecked")
      for error in (AttributeError, KeyError, TypeError, ValueError, IndexError)),
    *(Case(error, "a request that yt-dlp cannot make") for error in (
        net.UnsupportedRequest("unsupported proxy type"), net.NoSupportingHandlers([], []))),
    Case(DownloadError("ERROR: something new"), "whatever else yt-dlp says", shows="`DownloadError` with other words"),
    Case(YoutubeDLError("something new"), "whatever else yt-dlp calls a failure"),
    Case(RuntimeError(), "a fault of yt-dlp or of Recast", shows="anything else"),
)  # fmt: skip

NOT_MET: Mapping[str, str] = {
    "UnsupportedError": "the extractor is named",
    "UserNotLive": "about channels",
    "EntryNotInPlaylist": "one video is asked for, no list",
    "SameFileError": "one video is asked for, no list",
    "PostProcessingError": "nothing is converted by yt-dlp",
    "AudioConversionError": "nothing is converted by yt-dlp",
    "FFmpegPostProcessorError": "nothing is converted by yt-dlp",
    "EmbedThumbnailPPError": "nothing is converted by yt-dlp",
    "DownloadCancelled": "its options are not used",
    "ExistingVideoReached": "its options are not used",
    "RejectedVideoReached": "its options are not used",
    "MaxDownloadsReached": "its options are not used",
    "ThrottledDownload": "its options are not used",
    "UnsafeExecExpansionError": "its options are not used",
    "XAttrMetadataError": "its options are not used",
    "XAttrUnavailableError": "its options are not used",
    "CookieLoadError": "cookies are not used",
    "ReExtractInfo": "yt-dlp catches it itself and asks anew",
}
"""Exceptions of yt-dlp that cannot come when the sound of one video is fetched as Recast fetches it."""


def known_to_captions() -> set[type[Exception]]:
    return {captions.YouTubeTranscriptApiException, *subclasses(captions.YouTubeTranscriptApiException), *of_requests()}


def known_to_sound() -> set[type[Exception]]:
    """Those of yt-dlp's core and of its extractor of YouTube; other extractors may have been loaded by others."""
    assert YoutubeDL, "all of the core is loaded with it"
    others, youtube = "yt_dlp.extractor.", YoutubeIE.__module__.rpartition(".")[0]
    return {
        error
        for error in (YoutubeDLError, *subclasses(YoutubeDLError))
        if error.__module__.startswith(youtube) or not error.__module__.startswith(others)
    }


def raised(cases: tuple[Case, ...]) -> set[type[Exception]]:
    return {type(case.error) for case in cases}


def unexampled() -> list[str]:
    """The meanings that no message of the table has first."""
    heard = [str(case.error) for case in SOUND]
    first = [next((pattern for pattern, _ in MEANINGS if pattern.search(said)), None) for said in heard]
    return [pattern.pattern for pattern, _ in MEANINGS if pattern not in first]


def met(coded: AbstractContextManager[None], error: Exception) -> RecastError:
    """What a job ends with."""
    try:
        with coded:
            raise error
    except Exception as left:
        return as_recast_error(left)


def calls(tries: Retrying, error: RecastError) -> int:
    made = 0

    def fail() -> None:
        nonlocal made
        made += 1
        raise error

    try:
        tries(fail)
    except RecastError:
        return made
    raise AssertionError("it did not fail")


def elsewhere(error: RecastError) -> str:
    retries: int = Settings.model_fields["webshare_retries_when_blocked"].default
    more = calls(through_addresses(Proxy("http://proxy", retries, rotates=True)), error) - 1
    return f"tries up to {more} other addresses where a rotating proxy is set, then ends the import" if more else ""


def done_with_captions(error: RecastError) -> str:
    if error.code in LISTENING_HELPS:
        return "listens to the sound instead"
    again = calls(while_unreachable(lambda _: None), error)
    return elsewhere(error) or (f"tries up to {again} times, then ends the import" if again > 1 else "ends the import")


def done_with_sound(error: RecastError) -> str:
    return elsewhere(error) or "ends the import"


def rows(
    cases: tuple[Case, ...], met_by: Callable[[Case], RecastError], done: Callable[[RecastError], str]
) -> Iterator[str]:
    """One for each case; those that are alike and follow each other share one."""

    def told(case: Case) -> tuple[str, ...]:
        error = met_by(case)
        return case.when, f"`{error.code}`", done(error), error.meaning.remedy

    for told_, alike in groupby(cases, told):
        shown = ", ".join(case.shows or f"`{type(case.error).__name__}`" for case in alike)
        yield f"| {' | '.join([shown, *told_])} |"


def table(*columns: str) -> str:
    return f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|"


def document() -> str:
    columns = ("what the library raises", "when", "code", "what Recast does", "what the user is told to do")
    of_captions = rows(CAPTIONS, lambda case: met(coded_captions(lambda: case.status), case.error), done_with_captions)
    of_sound = rows(SOUND, lambda case: met(coded_sound(), case.error), done_with_sound)
    reasons = groupby(NOT_MET.items(), lambda item: item[1])
    not_met = [f"| {', '.join(f'`{name}`' for name, _ in alike)} | {reason} |" for reason, alike in reasons]
    return "\n".join(
        [
            HEAD,
            "## Captions: youtube-transcript-api\n",
            table(*columns),
            *of_captions,
            "\n## The sound: yt-dlp\n",
            "What may pass, yt-dlp itself has tried again before. Its words count, whatever the class.\n",
            table(*columns),
            *of_sound,
            "\nThese do not come when the sound of one video is fetched:\n",
            table("exception", "why not"),
            *not_met,
        ]
    )


if __name__ == "__main__":
    print(document())
