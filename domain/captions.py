"""Captions: what is left of a transcript's snippets when everything that nobody says is gone."""

import html
import re
import unicodedata
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from domain.fillers import without_fillers
from domain.reading import Reading
from domain.sounds import NOTES, without_asides, without_tags
from domain.source import SourceKind
from domain.transcript import Snippet, Transcript
from domain.words import words_of

MAX_ROLLING_GAP_SECONDS = 1.0
"""Words that come again after a longer gap are said again; a rolling caption stays on the screen without one."""
MIN_ROLLING_SHARE, MIN_ROLLING_WORDS, MIN_ROLLED_WORDS = 0.7, 2, 5
"""So many of a file's captions with something new must begin with so many different words of the one before, and all of
them together with so many."""

AS_USUAL = Reading()

# The zero-width joiners stay: Persian, Indic scripts and emoji are spelt with them.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_NUMBERED = re.compile(r"&#0*([0-9]{8})[0-9]*")
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]")
_MARKUP = re.compile(
    r"</?(?:[ibusc]|em|strong|ruby|rt|tt|small|big)(?:\.[^\s<>]*)?/?>|</(?:v|lang|font|span|p|div|a)>"
    r"|<(?:v|lang)(?:\.[^\s<>]*)?[ \t][^<>]*>|<(?:font|span|p|div|a)(?:\s[^<>=]*=[^<>]*)?>"
    r"|<\d\d:\d\d[\d:.]*>|\{\\[^{}]*\}",
    re.IGNORECASE,
)
_ROW_END = re.compile(r"<br\s?/?>", re.IGNORECASE)
_SONG = re.compile(rf"[{NOTES}][^{NOTES}]*(?:[{NOTES}]+|\Z)")


class Caption(NamedTuple):
    """Rows of clean text, a newline between them, on the screen from ``start`` to ``end`` (seconds)."""

    text: str
    start: float
    end: float


def clean_captions(transcript: Transcript, reading: Reading = AS_USUAL) -> list[Caption]:
    """The captions that hold speech, in order of time, each starting after the one before and ending before the next.

    Entities and markup are gone, and the repeated words of rolling captions; by the setting of ``reading``, so are
    sounds (``[Music]``, ``(applause)``) and fillers. Songs between notes are gone too, but a video that is more song
    than speech keeps its lyrics. The list may be empty.
    """
    snippets = sorted(transcript.snippets, key=lambda snippet: snippet.start)
    captions = _readable(snippets, with_songs=False, with_tags=reading.keep_sound_tags)
    with_songs = _readable(snippets, with_songs=True, with_tags=reading.keep_sound_tags)
    if _count_words(with_songs) > 2 * _count_words(captions):
        captions = with_songs
    if transcript.is_generated:
        captions = without_repeats(captions)
    elif transcript.kind is SourceKind.FILE and not transcript.times_are_estimated:
        captions = without_repeats(captions, may_be_typed=True)
    if not reading.keep_fillers:
        captions = _without_fillers(captions, transcript)
    settled: list[Caption] = []
    for start, simultaneous in groupby(captions, key=lambda caption: caption.start):
        together = list(simultaneous)
        if settled and start < settled[-1].end:
            settled[-1] = settled[-1]._replace(end=start)
        text = "\n".join(caption.text for caption in together)
        settled.append(Caption(text, start, max(caption.end for caption in together)))
    return settled


def is_mostly_sung(transcript: Transcript) -> bool:
    """Whether most of its captions stand between notes."""
    return 2 * sum(bool(_SONG.search(snippet.text)) for snippet in transcript.snippets) > len(transcript.snippets)


def without_repeats(captions: Sequence[Caption], *, may_be_typed: bool = False) -> list[Caption]:
    """Rolling captions, with the words that each repeats from the end of the one before cut off.

    Captions roll when most of them begin with words that are still on the screen. If only some do, the speaker repeated
    a word where a caption happened to end, and nothing is cut. Those that ``may_be_typed``, by somebody who repeats
    lines of a song or a chant, roll only where nearly all with something new begin with at least two different words
    that are on the screen: a song says the same again, or something else.
    """
    fresh: list[Caption] = []
    shown: list[str] = []
    neighbours = repeating = continuing = rolling = rolled = 0
    for above, caption in zip([None, *captions], captions, strict=False):
        words = words_of(caption.text)
        if above is None or caption.start - above.end > MAX_ROLLING_GAP_SECONDS:
            shown = []
        else:
            neighbours += 1
        repeated = _overlap(shown[-len(words) :], words)
        repeating += repeated > 0
        if shown and repeated < len(words):
            continuing += 1
            different = len(set(map(_plain, words[:repeated])))
            if different >= MIN_ROLLING_WORDS:
                rolling += 1
                rolled += different
        shown += words[repeated:]
        if repeated < len(words):
            fresh.append(caption._replace(text="".join(words[repeated:]).strip()))
    if may_be_typed:
        is_rolling = rolled >= MIN_ROLLED_WORDS and rolling >= MIN_ROLLING_SHARE * continuing
    else:
        is_rolling = 2 * repeating > neighbours
    return fresh if is_rolling else list(captions)


def clean_text(text: str, *, with_songs: bool, with_tags: bool = False) -> str:
    """The words of one snippet: rows with single spaces, joined by newlines, in Unicode NFC; casing is kept."""
    # Twice, because YouTube escapes the entities of uploaded captions once more.
    text = _unescaped(_unescaped(text))
    text = _UNPRINTABLE.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFC", text)))
    text = _MARKUP.sub("", _ROW_END.sub("\n", text))
    if not with_tags:
        text = without_tags(text)
    text = _SONG.sub(lambda song: song[0].strip(NOTES) if with_songs else "", text)
    if not with_tags:
        text = without_asides(text)
    rows = (" ".join(row.split()) for row in text.splitlines())
    return "\n".join(row for row in rows if any(character.isalnum() for character in row))


def _unescaped(text: str) -> str:
    """With the characters that entities stand for. A number of thousands of digits stands for none; eight of them say
    so, and Python reads no more than 4300."""
    return html.unescape(_NUMBERED.sub(r"&#\1", text))


def _readable(snippets: Sequence[Snippet], *, with_songs: bool, with_tags: bool) -> list[Caption]:
    cleaned = (
        Caption(
            clean_text(snippet.text, with_songs=with_songs, with_tags=with_tags),
            snippet.start,
            snippet.start + max(0, snippet.duration),
        )
        for snippet in snippets
    )
    return [caption for caption in cleaned if caption.text]


def _without_fillers(captions: Sequence[Caption], transcript: Transcript) -> list[Caption]:
    cleaned = (
        caption._replace(
            text=without_fillers(caption.text, transcript.language, is_generated=transcript.is_generated).strip()
        )
        for caption in captions
    )
    return [caption for caption in cleaned if any(character.isalnum() for character in caption.text)]


def _count_words(captions: Sequence[Caption]) -> int:
    return sum(len(words_of(caption.text)) for caption in captions)


def _overlap(earlier: Sequence[str], later: Sequence[str]) -> int:
    """How many words at the end of ``earlier`` are those at the start of ``later``, but for case and punctuation.

    By Knuth, Morris and Pratt, in as many steps as there are words.
    """
    before, after = ([_plain(word) for word in words] for words in (earlier, later))
    borders = [0]
    for word in after[1:]:
        borders.append(_extended(borders[-1], word, after, borders))
    matched = 0
    for word in before:
        matched = _extended(matched, word, after, borders)
    return matched


def _plain(word: str) -> str:
    return re.sub(r"\W", "", word).casefold()


def _extended(matched: int, word: str, pattern: Sequence[str], borders: Sequence[int]) -> int:
    """How many words at the start of ``pattern`` are the last that were read, ``word`` after ``matched`` of them."""
    while matched and (matched == len(pattern) or pattern[matched] != word):
        matched = borders[matched - 1]
    return matched + (matched < len(pattern) and pattern[matched] == word)
