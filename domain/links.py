"""YouTube links: an allow-list that ends in a video id. What the user typed is thrown away and never fetched."""

import re
from urllib.parse import parse_qs, urlsplit

from domain.errors import ErrorCode, RecastError

HOSTS = frozenset(
    {
        "youtube.com",
        "www.youtube.com",
        "m.youtube.com",
        "music.youtube.com",
        "youtube-nocookie.com",
        "www.youtube-nocookie.com",
    }
)
SHORT_HOST = "youtu.be"
VIDEO_FOLDERS = frozenset({"shorts", "live", "embed", "v", "e"})
CHANNEL_FOLDERS = frozenset({"channel", "c", "user"})

VIDEO_ID = re.compile(r"[0-9A-Za-z_-]{11}")
NOT_VIDEO_IDS = {
    "videoseries": "This is a link to a playlist, not to one video.",
    "live_stream": "This is a link to a channel's live stream, not to one video.",
}
"""Words that YouTube's embed player puts where an id stands; both happen to have eleven characters."""


def parse_youtube_link(text: str) -> str:
    """The 11-character id of the one video that ``text``, a link or a bare id, points to.

    White space around it is tolerated; ``t``, ``list``, ``si``, ``index`` and all else in the query is ignored. Raises
    ``RecastError(INVALID_LINK)``, and nothing else, with a sentence that says what the text is instead.
    """
    link = text.strip()
    if not link:
        raise _invalid("There is no link here.")
    if any(character.isspace() or not character.isprintable() or character == "\\" for character in link):
        raise _invalid("The link has spaces, backslashes or invisible characters in it.")
    if VIDEO_ID.fullmatch(link):
        return _video_id(link)
    try:
        parts = urlsplit(link)
        query = parse_qs(parts.query)
    except ValueError as error:
        raise _invalid("This is not a web address.") from error
    if parts.scheme not in ("http", "https"):
        raise _invalid("The link does not start with https:// or http://.")
    host, path = parts.netloc.lower(), parts.path.removesuffix("/")
    if "@" in host:
        raise _invalid("The link has a user name in it.")
    if ":" in host:
        raise _invalid("The link has a port or an address in numbers in it.")
    if host == SHORT_HOST:
        return _video_id(path.removeprefix("/"))
    if host not in HOSTS:
        raise _invalid("This link does not lead to YouTube.")
    if path == "/watch" and "v" in query:
        return _video_id(query["v"][0])
    _, folder, *rest = [*path.split("/"), ""]
    if folder in VIDEO_FOLDERS and len(rest) == 2:
        return _video_id(rest[0])
    if "list" in query:
        raise _invalid(NOT_VIDEO_IDS["videoseries"])
    if folder in CHANNEL_FOLDERS or folder.startswith("@"):
        raise _invalid("This is a link to a channel, not to one video.")
    raise _invalid("This is a page of YouTube, but not the page of a video.")


def watch_url(video_id: str) -> str:
    """The one address that is ever fetched for a video."""
    return f"https://www.youtube.com/watch?v={video_id}"


def _video_id(candidate: str) -> str:
    if candidate in NOT_VIDEO_IDS:
        raise _invalid(NOT_VIDEO_IDS[candidate])
    if not VIDEO_ID.fullmatch(candidate):
        raise _invalid("The link has no video id of eleven letters, digits, '-' or '_'.")
    return candidate


def _invalid(sentence: str) -> RecastError:
    return RecastError(ErrorCode.INVALID_LINK, sentence)
