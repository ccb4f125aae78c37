"""From a file that a user has sent to a transcript: by what is in it, whatever it is called."""

import codecs
import re
from contextlib import suppress
from pathlib import PurePath

from domain.errors import ErrorCode, RecastError
from domain.source import UNDETERMINED, SourceKind
from domain.transcript import Transcript
from domain.transcript_files.bounds import MAX_FILE_BYTES, refused, storable
from domain.transcript_files.cues import has_word_times, is_subrip, is_webvtt, read_cues
from domain.transcript_files.encodings import encodings_of
from domain.transcript_files.json_text import JsonTranscript, is_json, read_json
from domain.transcript_files.plain_text import read_plain_text

MAX_CONTROL_SHARE = 0.01

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_OTHERS = (
    ("{\\rtf", "a rich text document; save it as plain text"),
    ("%PDF", "a PDF; send its text, or subtitles as SRT or WebVTT"),
    ("[Script Info]", "a subtitle file of SubStation; save it as SRT"),
    ("<", "a document with markup (HTML or XML); save it as SRT, WebVTT or plain text"),
)


def read_transcript_file(content: bytes, filename: str = "") -> Transcript:
    """The transcript in ``content``; of ``filename`` only the title is taken, and only when the file has none.

    SRT, WebVTT, plain text or JSON, in UTF-8, UTF-16 or an older encoding that can be told. Raises TRANSCRIPT_INVALID
    with a sentence that names the place, TOO_LARGE, and EMPTY_SCRIPT when there is nothing to read.
    """
    if len(content) > MAX_FILE_BYTES:
        raise RecastError(ErrorCode.TOO_LARGE, f"The transcript is larger than {MAX_FILE_BYTES // 1024**2} MB.")
    text = _rows(decode(content))
    if not text:
        raise RecastError(ErrorCode.EMPTY_SCRIPT, "The file is empty.")
    for beginning, what in _OTHERS:
        if text.startswith(beginning):
            raise refused(f"The file is {what}.")
    read = _read(text)
    if not read.snippets:
        raise RecastError(ErrorCode.EMPTY_SCRIPT)
    last_word = max(snippet.start + snippet.duration for snippet in read.snippets)
    return Transcript(
        kind=SourceKind.FILE,
        title=read.title or " ".join(PurePath(filename).stem.split())[:200] or "My transcript",
        channel=read.channel,
        duration_seconds=round(max(last_word, min(read.duration_seconds, 2 * last_word)), 3),
        language=read.language or UNDETERMINED,
        is_generated=read.is_generated,
        snippets=read.snippets,
        chapters=read.chapters,
        times_are_estimated=read.times_are_estimated,
    )


def decode(content: bytes) -> str:
    """The text in ``content``. Raises TRANSCRIPT_INVALID for what is no text, or in an encoding nobody can tell."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _readable(_decoded(content[len(mark) :], encoding))
    if b"\x00" in content:
        # UTF-16 without its mark: of a text with Latin letters, spaces or digits, every other byte is often zero.
        return _readable(_decoded(content, "utf-16-le" if _zeros(content, 1) > _zeros(content, 0) else "utf-16-be"))
    try:
        return _readable(content.decode())
    except UnicodeDecodeError:
        pass
    for encoding in encodings_of(content):
        with suppress(UnicodeDecodeError):
            return _readable(content.decode(encoding))
    raise refused("The encoding of the file cannot be told, or it is damaged; save it as UTF-8.")


def _read(text: str) -> JsonTranscript:
    if is_webvtt(text):
        return JsonTranscript(read_cues(text), is_generated=has_word_times(text))
    if is_json(text):
        return read_json(text)
    if is_subrip(text):
        return JsonTranscript(read_cues(text))
    snippets, are_estimated = read_plain_text(text)
    return JsonTranscript(snippets, times_are_estimated=are_estimated)


def _rows(text: str) -> str:
    """With one kind of row end, without the marks and blanks around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip("\ufeff\u200b \t\n\f\v")


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise refused(
            f"The file is not text, or is damaged (as {encoding}); save it as UTF-8.", cause=str(error)[:200]
        ) from error


def _readable(text: str) -> str:
    """Raises TRANSCRIPT_INVALID for bytes that only happen to decode."""
    if len(_CONTROL.findall(text)) > MAX_CONTROL_SHARE * len(text):
        raise refused("The file is not text. Sound and video are uploaded with POST /api/v1/uploads.")
    return storable(text)


def _zeros(content: bytes, parity: int) -> int:
    return content[parity::2].count(0)
