"""What a transcript of a user's may hold, and the words in which it is refused."""

import math
import re

from domain.errors import ErrorCode, RecastError

MAX_FILE_BYTES = 5 * 1024 * 1024
MAX_CUES = 50_000
MAX_CUE_LETTERS = 10_000
MAX_SECONDS = 24 * 3600.0
"""No transcript is of more than a day; a time beyond it is a wrong unit or a broken file."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """Without what PostgreSQL keeps in no text: zero, and halves of characters (JSON can escape both)."""
    return _UNSTORABLE.sub("", text)


def refused(sentence: str, *, cause: str | None = None) -> RecastError:
    return RecastError(ErrorCode.TRANSCRIPT_INVALID, sentence, cause=cause)


def check_cue(name: str, start: float, end: float, text: str) -> None:
    """``name`` says which one it is, as in "Cue 12". Raises TRANSCRIPT_INVALID."""
    if not (math.isfinite(start) and math.isfinite(end)) or start < 0:
        raise refused(f"{name} has a time that is before zero or not a number.")
    if end < start:
        raise refused(f"{name} ends before it begins ({clock(start)} to {clock(end)}).")
    if end > MAX_SECONDS:
        raise refused(f"{name} is later than {MAX_SECONDS / 3600:.0f} hours after the beginning.")
    if len(text) > MAX_CUE_LETTERS:
        raise refused(f"{name} is longer than {MAX_CUE_LETTERS} letters.")


def check_count(count: int) -> None:
    if count > MAX_CUES:
        raise refused(f"The file has more than {MAX_CUES} cues.")


def clock(seconds: float) -> str:
    """As in 01:02:03.400."""
    milliseconds = round(min(seconds, 1e9) * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
