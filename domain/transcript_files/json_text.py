"""JSON transcripts: Whisper's and OpenAI's segments, youtube-transcript-api's list, and Recast's own.

Whisper (`verbose_json`): ``{"language", "segments": [{"start", "end", "text"}]}``; OpenAI's `diarized_json` adds
``speaker``. youtube-transcript-api: ``[{"text", "start", "duration"}]``. Recast: ``snippets`` of a transcript, or
``lines`` of a script. Times are seconds.
"""

import json
import re
from typing import Any, NamedTuple

from domain.transcript import Chapter, Snippet
from domain.transcript_files.bounds import MAX_SECONDS, check_count, check_cue, refused, storable
from domain.transcript_files.plain_text import read_plain_text
from domain.transcript_files.speakers import Speakers

PIECES = ("segments", "snippets", "lines")
_BEGINS_JSON = re.compile(r'\{\s*(?:"|\})|\[\s*(?:[{\]]|\Z)')
_LANGUAGE_CODE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")


class JsonTranscript(NamedTuple):
    snippets: tuple[Snippet, ...]
    chapters: tuple[Chapter, ...] = ()
    title: str = ""
    channel: str = ""
    language: str = ""
    duration_seconds: float = 0.0
    is_generated: bool = False
    times_are_estimated: bool = False


def is_json(text: str) -> bool:
    """Whether it begins as a transcript in JSON does; ``[Music]`` and ``{\\an8}`` begin other files."""
    return _BEGINS_JSON.match(text) is not None


def read_json(text: str) -> JsonTranscript:
    """Raises TRANSCRIPT_INVALID for what is damaged or has another shape, with the number of the piece."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise refused(f"The JSON is damaged or breaks off at line {error.lineno}.", cause=error.msg) from error
    except (ValueError, RecursionError) as error:
        raise refused("The JSON cannot be read.", cause=type(error).__name__) from error
    facts: dict[str, Any] = found if isinstance(found, dict) else {}
    pieces = found if isinstance(found, list) else next((facts[name] for name in PIECES if facts.get(name)), None)
    common = JsonTranscript(
        snippets=(),
        chapters=_chapters(facts.get("chapters")),
        title=_text(facts.get("title")),
        channel=_text(facts.get("channel")),
        language=code if _LANGUAGE_CODE.fullmatch(code := _text(facts.get("language"))) else "",
        duration_seconds=_number(facts.get("duration_seconds", facts.get("duration"))) or 0.0,
        is_generated=facts.get("is_generated") is True,
    )
    if pieces is None and isinstance(facts.get("text"), str):
        snippets, are_estimated = read_plain_text(storable(facts["text"]))
        return common._replace(snippets=snippets, times_are_estimated=are_estimated)
    if not isinstance(pieces, list):
        raise refused("The JSON is no transcript: it has neither segments nor a list of captions.")
    check_count(len(pieces))
    speakers = Speakers()
    snippets = tuple(_snippet(number, piece, speakers) for number, piece in enumerate(pieces, 1))
    are_estimated = facts.get("times_are_estimated") is True
    return common._replace(
        snippets=tuple(snippet for snippet in snippets if snippet.text.strip()), times_are_estimated=are_estimated
    )


def _snippet(number: int, piece: Any, speakers: Speakers) -> Snippet:
    name = f"Segment {number}"
    if not isinstance(piece, dict) or not isinstance(piece.get("text"), str):
        raise refused(f"{name} has no text.")
    start, end, duration = (_number(piece.get(word)) for word in ("start", "end", "duration"))
    if start is None or (end is None and duration is None):
        raise refused(f"{name} has no times: start, and end or duration, in seconds.")
    end = start + (duration or 0.0) if end is None else end
    text = speakers.row(_text(piece.get("speaker")), storable(piece["text"]))
    check_cue(name, start, end, text)
    return Snippet(text=text, start=start, duration=round(end - start, 3))


def _chapters(found: Any) -> tuple[Chapter, ...]:
    """Those that can be read: a file without them is a transcript too."""
    if not isinstance(found, list):
        return ()
    chapters = [
        Chapter(title=title[:200], start=start)
        for one in found[:1000]
        if isinstance(one, dict)
        and (title := _text(one.get("title")))
        and (start := _number(one.get("start"))) is not None
        and 0 <= start <= MAX_SECONDS
    ]
    return tuple(sorted(chapters, key=lambda chapter: chapter.start))


def _number(value: Any) -> float | None:
    """None for what is no number; youtube-transcript-api's XML left some as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _text(value: Any) -> str:
    return " ".join(storable(value).split())[:200] if isinstance(value, str) else ""
