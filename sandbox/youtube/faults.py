"""Links that fail in the ways YouTube fails, each with a body that the real client tells apart."""

from dataclasses import dataclass
from enum import StrEnum

DEMO = "demo0000001"


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


@dataclass(frozen=True, slots=True)
class Fault:
    """``status`` and ``reason`` are the player's; a video that plays shows what the demo shows.

    ``code`` is the product's error code that an import of the link ends with; empty when it succeeds.
    """

    id: str
    sentence: str
    code: str = ""
    trouble: Trouble = Trouble.NONE
    status: str = "OK"
    reason: str | None = None
    subreason: str | None = None


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
    Fault("nocaption01", "A video without captions.", "TRANSCRIPT_MISSING", Trouble.NO_CAPTIONS),
    Fault("emptybody01", "Lists captions, but their file is empty.", "TRANSCRIPT_MISSING", Trouble.EMPTY_BODY),
    Fault(
        "potoken0001", "Captions that only YouTube's own player may read.", "TRANSCRIPT_MISSING", Trouble.PLAYER_ONLY
    ),
    Fault("musiconly01", "Captions with music tags and not one word.", "EMPTY_SCRIPT", Trouble.MUSIC_ONLY),
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
UNKNOWN = Fault("", "", status="ERROR", reason="This video is unavailable")
