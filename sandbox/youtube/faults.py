"""Links that fail in the ways YouTube fails, each with a body that the real client tells apart."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.youtube.soundtrack import Kind
from sandbox.youtube.videos import Video, library

DEMO = "demo0000001"
TOO_LONG_SECONDS = 5 * 3600


class Trouble(StrEnum):
    """Where the trouble shows; everything else is answered with the player's own status."""

    NONE = "none"
    CONSENT = "a consent page comes first"
    TOO_MANY_REQUESTS = "429 on the watch page"
    RECAPTCHA = "a captcha instead of the watch page"
    DOWN = "503 on the watch page, always"
    DOWN_ONCE = "503 on the watch page, every other time"
    SLOW = "every answer is late"
    NO_CAPTIONS = "no caption tracks"
    PLAYER_ONLY = "captions that only YouTube's own player may read"
    EMPTY_BODY = "captions without a body"
    MUSIC_ONLY = "captions without words"


class SoundTrouble(StrEnum):
    """What goes wrong where the sound is fetched."""

    NONE = "none"
    BLOCKED = "403 for this server's address"
    EXPIRED = "addresses that have expired when they are handed out"
    THROTTLED = "a little at a time"
    BROKEN_ONCE = "breaks off in the middle, every other time"
    ENDLESS = "announced as small, and never ends"


@dataclass(frozen=True, slots=True)
class Fault:
    """``status`` and ``reason`` are the player's; a video that plays is the one that ``shows`` names.

    ``code`` is the product's error code that an import of the link ends with; empty when it succeeds.
    ``captions_code`` is that of its captions, which differs where the sound is listened to instead. ``speaks`` and
    ``seconds`` replace the video's own language and length.
    """

    id: str
    sentence: str
    code: str = ""
    trouble: Trouble = Trouble.NONE
    status: str = "OK"
    reason: str | None = None
    subreason: str | None = None
    sound: SoundTrouble = SoundTrouble.NONE
    kind: Kind = Kind.SPEECH
    shows: str = DEMO
    speaks: str = ""
    seconds: int = 0
    is_live: bool = False
    captions_code: str = ""


def _heard(id: str, sentence: str, code: str = "", trouble: Trouble = Trouble.NO_CAPTIONS, **more: Any) -> Fault:
    """A video without captions that can be read: what becomes of it depends on its sound."""
    return Fault(id, sentence, code, trouble, captions_code="TRANSCRIPT_MISSING", **more)


FAULTS: tuple[Fault, ...] = (
    Fault(
        "private0001", "A private video.", "VIDEO_UNAVAILABLE", status="LOGIN_REQUIRED", reason="This video is private"
    ),
    Fault(
        "removed0001",
        "A video that its owner has removed.",
        "VIDEO_UNAVAILABLE",
        status="ERROR",
        reason="This video has been removed by the uploader",
    ),
    Fault(
        "agelimit001",
        "Only for viewers who prove their age.",
        "VIDEO_RESTRICTED",
        status="LOGIN_REQUIRED",
        reason="This video may be inappropriate for some users.",
    ),
    Fault(
        "region00001",
        "Not shown in this country.",
        "VIDEO_RESTRICTED",
        status="UNPLAYABLE",
        reason="Video unavailable",
        subreason="The uploader has not made this video available in your country",
    ),
    Fault(
        "members0001",
        "Only for members of the channel.",
        "VIDEO_RESTRICTED",
        status="UNPLAYABLE",
        reason="Join this channel to get access to members-only content like this video, and other exclusive perks.",
    ),
    Fault(
        "premiere001",
        "Has not begun yet.",
        "VIDEO_RESTRICTED",
        status="LIVE_STREAM_OFFLINE",
        reason="Premieres in 3 hours",
    ),
    _heard("nocaption01", "A video without captions."),
    _heard("audioonly01", "Captions are switched off, but every word can be heard: for transcription."),
    _heard(
        "german00001",
        "A talk in German without captions.",
        shows="talk0000001",
        speaks="de",
    ),
    _heard("silent00001", "No captions, and nothing to hear.", "EMPTY_SCRIPT", kind=Kind.SILENCE),
    _heard("musiconly02", "No captions, and nothing but music.", "EMPTY_SCRIPT", kind=Kind.MUSIC),
    _heard("toolong0001", "No captions, and five hours long.", "VIDEO_TOO_LONG", seconds=TOO_LONG_SECONDS),
    _heard("livenow0001", "Live now: no captions yet, and a sound without an end.", "VIDEO_RESTRICTED", is_live=True),
    _heard(
        "blockedsnd1",
        "No captions, and the sound is refused with a 403.",
        "TRANSCRIPT_BLOCKED",
        sound=SoundTrouble.BLOCKED,
    ),
    _heard(
        "expired0001",
        "No captions, and addresses of the sound that have expired when they come.",
        "TRANSCRIPT_BLOCKED",
        sound=SoundTrouble.EXPIRED,
    ),
    _heard("throttled01", "No captions, and a sound that trickles in.", sound=SoundTrouble.THROTTLED),
    _heard(
        "brokenoff01",
        "No captions, and every other download of the sound breaks off in the middle.",
        sound=SoundTrouble.BROKEN_ONCE,
    ),
    _heard(
        "endless0001",
        "No captions, and a sound that says it is small and never ends.",
        "TOO_LARGE",
        sound=SoundTrouble.ENDLESS,
    ),
    _heard("emptybody01", "Lists captions, but their file is empty.", trouble=Trouble.EMPTY_BODY),
    _heard("potoken0001", "Captions that only YouTube's own player may read.", trouble=Trouble.PLAYER_ONLY),
    Fault(
        "musiconly01", "Captions with music tags and not one word.", "EMPTY_SCRIPT", Trouble.MUSIC_ONLY, kind=Kind.MUSIC
    ),
    Fault(
        "blockedip01", "YouTube answers 429 to this server's address.", "TRANSCRIPT_BLOCKED", Trouble.TOO_MANY_REQUESTS
    ),
    Fault("blockedcap1", "YouTube shows this server a captcha.", "TRANSCRIPT_BLOCKED", Trouble.RECAPTCHA),
    Fault(
        "blockedbot1",
        "YouTube takes this server for a bot.",
        "TRANSCRIPT_BLOCKED",
        status="LOGIN_REQUIRED",
        reason="Sign in to confirm you’re not a bot",
        subreason="This helps protect our community.",
    ),
    Fault(
        "blockedbot2",
        "The same refusal with a straight apostrophe, which the client library does not recognise.",
        "TRANSCRIPT_BLOCKED",
        status="LOGIN_REQUIRED",
        reason="Sign in to confirm you're not a bot",
        subreason="This helps protect our community.",
    ),
    Fault(
        "tryagain001",
        "The demo, but every other request meets a 503: succeeds on the second try.",
        trouble=Trouble.DOWN_ONCE,
    ),
    Fault("slowvideo01", "The demo, but every answer takes a few seconds.", trouble=Trouble.SLOW),
    Fault("consent0001", "The demo behind YouTube's cookie consent page.", trouble=Trouble.CONSENT),
    Fault("alwaysdown1", "YouTube answers 503, however often one asks.", "SOURCE_UNREACHABLE", Trouble.DOWN),
)

FAULTS_BY_ID = {fault.id: fault for fault in FAULTS}
ADDRESS_BLOCKED = FAULTS_BY_ID["blockedbot1"]
UNKNOWN = Fault("", "", status="ERROR", reason="This video is unavailable")


def look_up(video_id: str) -> tuple[Video | None, Fault | None]:
    """What is shown under an id, and what is wrong with it; an id that nobody knows is an unavailable video."""
    fault = FAULTS_BY_ID.get(video_id)
    if fault is None:
        video = library().get(video_id)
        return video, None if video else UNKNOWN
    return (library().get(fault.shows) if fault.status == "OK" else None), fault
