"""Listening: where audio is cut so that it can be heard piece by piece, and how the pieces become one transcript again
without a word lost or doubled."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from domain.sentences import ends_sentence
from domain.transcript import Snippet
from domain.words import is_unspaced, join_texts, time_words, words_of

MIN_FILL = 0.5
"""A chunk is cut at a silence in the second half of what it may last: many short chunks cost context and requests."""
LONG_SILENCE_SECONDS = 1.0
"""Beyond this a longer silence is no better a place to cut: the later one is."""
OVERLAP_SECONDS = 6.0
"""Of two chunks where speech goes on without a pause: long enough to hold words that both hear in full."""
MAX_APART_SECONDS = 2.0
"""One word, heard in two chunks, has times that differ at most by this; more, and it was said twice."""

MAX_WORDS_PER_SECOND = 12.0
"""Nobody says more, not even in a script of which each letter counts as a word."""
DOUBTFUL_SECONDS = 12.0
"""So far apart, estimated times say little for two words being one; nearer, the more the nearer."""
LEAST_GAIN = 0.25
"""What one word that both accounts have counts for, however far apart its estimated times are."""
GAP_COST = 0.3
"""Of a word that only one of the two accounts has: more than unrelated texts gain by the small words they share."""

SNIPPET_PAUSE_SECONDS = 0.6
SNIPPET_SECONDS = 6.0
SNIPPET_WORDS = 14
LETTERS_PER_WORD = 2
"""Of a script without spaces, where each letter counts as a word."""


class Silence(NamedTuple):
    """From ``start`` to ``end``, in seconds."""

    start: float
    end: float

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2

    @property
    def seconds(self) -> float:
        return self.end - self.start


class Chunk(BaseModel):
    """A piece of the audio, in seconds from its start. It begins before the one before it ends where no silence was
    found to cut at."""

    model_config = ConfigDict(frozen=True)

    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


class HeardWord(BaseModel):
    """A word with its punctuation; seconds from the start of what was heard."""

    model_config = ConfigDict(frozen=True)

    text: str
    start: float
    end: float
    speaker: str | None = None

    def moved(self, seconds: float, *, until: float) -> "HeardWord":
        """Later by ``seconds``; a word never outlasts the audio it was heard in, though engines say so."""
        start = min(self.start + seconds, until)
        return self.model_copy(update={"start": start, "end": max(start, min(self.end + seconds, until))})


class Heard(BaseModel):
    """What an engine heard in one file. ``language`` is an ISO 639-1 code, or empty when the engine does not say. Times
    that are estimated are spread over what was heard, by the length of the words."""

    model_config = ConfigDict(frozen=True)

    words: tuple[HeardWord, ...]
    language: str = ""
    times_are_estimated: bool = False


# Cutting


def chunk_seconds_at_most(max_seconds: float, max_bytes: int, bytes_per_second: float) -> float:
    """How long a chunk may be, by time and by size. A tenth of the bytes is left to the container and to an encoder
    that misses its rate."""
    return min(max_seconds, 0.9 * max_bytes / bytes_per_second)


def plan_chunks(
    duration: float,
    silences: Sequence[Silence],
    *,
    max_seconds: float,
    overlap_seconds: float = OVERLAP_SECONDS,
    always_overlap: bool = False,
) -> tuple[Chunk, ...]:
    """Chunks that cover ``duration`` seconds in order, none longer than ``max_seconds``.

    Each ends in the middle of a silence; where there is none it overlaps the next one, as all do with
    ``always_overlap``, for engines whose speakers have to be recognised across a cut.
    """
    if not 0 < 2 * overlap_seconds < max_seconds:
        raise ValueError(f"an overlap of {overlap_seconds} s does not go with chunks of {max_seconds} s")
    chunks: list[Chunk] = []
    start = 0.0
    while duration - start > max_seconds:
        latest = start + max_seconds
        quiet = [silence for silence in silences if start + MIN_FILL * max_seconds < silence.middle <= latest]
        if quiet:
            best = max(quiet, key=lambda silence: (min(silence.seconds, LONG_SILENCE_SECONDS), silence.middle))
            end = round(best.middle, 3)
        else:
            end = round(latest, 3)
        chunks.append(Chunk(start=start, end=end))
        start = end if quiet and not always_overlap else round(end - overlap_seconds, 3)
    return (*chunks, Chunk(start=start, end=round(duration, 3)))


# What engines say


def words_of_segment(
    text: str, start: float, end: float, *, speaker: str | None = None, times: Sequence[tuple[float, float]] = ()
) -> list[HeardWord]:
    """The words of a segment with the punctuation of its text. ``times`` are those of its words where the engine tells
    them and they are as many; else the words are spread over the segment."""
    words = words_of(text)
    if len(times) == len(words):
        spans = list(times)
    else:
        spans = [(word.start, word.end) for word in time_words(words, start, end)]
    return [
        HeardWord(text=word.strip(), start=at, end=max(at, until), speaker=speaker)
        for word, (at, until) in zip(words, spans, strict=True)
    ]


# Joining


def join_chunks(heard: Sequence[tuple[Chunk, Heard]]) -> Heard:
    """One account of the whole, in its own time, from what was heard in chunks that follow each other.

    In an overlap each word stands once: the two accounts are joined at a word on which they agree, else at the middle
    of the overlap. Speakers, whose names mean something within one chunk only, are recognised by the words they share.
    Estimated times do not tell what lies in an overlap: there the words themselves do, and all of them stay where the
    accounts have none in common.
    """
    pieces: list[_Piece] = []
    speakers = _Speakers()
    before: Chunk | None = None
    for chunk, one in heard:
        moved = [word.moved(chunk.start, until=chunk.end) for word in one.words]
        piece = _Piece(moved, chunk.start, chunk.end, one.times_are_estimated)
        if before and before.end > chunk.start:
            _join(pieces[-1], piece, chunk.start, before.end, speakers)
        else:
            piece.words = speakers.rename(moved, ())
        pieces.append(piece)
        before = chunk
    return Heard(
        words=tuple(word for piece in pieces for word in piece.timed()),
        language=_main_language(one for _, one in heard),
        times_are_estimated=any(piece.is_estimated for piece in pieces),
    )


@dataclass(slots=True)
class _Piece:
    """What one chunk gives to the whole, and the seconds that these words fill as far as is known."""

    words: list[HeardWord]
    start: float
    end: float
    is_estimated: bool

    def timed(self) -> list[HeardWord]:
        """Estimated times are spread once more, now that it is known what is said between the cuts."""
        if not self.is_estimated:
            return self.words
        spread = time_words([word.text for word in self.words], self.start, self.end)
        return [
            word.model_copy(update={"start": at.start, "end": at.end})
            for word, at in zip(self.words, spread, strict=True)
        ]


def _join(earlier: _Piece, later: _Piece, start: float, end: float, speakers: "_Speakers") -> None:
    """Leave each word that both have heard between ``start`` and ``end`` to one of the two."""
    by_words = earlier.is_estimated or later.is_estimated
    if by_words:
        pairs = _dovetail(earlier.words, later.words, round((end - start) * MAX_WORDS_PER_SECOND))
    else:
        pairs = _agreement(earlier.words, later.words, start, end)
    later.words = speakers.rename(later.words, [(earlier.words[a], later.words[b]) for a, b in pairs])
    middle = (start + end) / 2
    if not by_words:
        earlier.words, later.words = _joined_at(earlier.words, later.words, pairs, middle)
        return
    if pairs:
        # Where both have heard well: words at the edges of a chunk are cut off.
        at, again = pairs[len(pairs) // 2]
        earlier.words, later.words = earlier.words[: at + 1], later.words[again + 1 :]
    earlier.end = later.start = middle


def _agreement(
    earlier: Sequence[HeardWord], later: Sequence[HeardWord], start: float, end: float
) -> list[tuple[int, int]]:
    """Pairs of places at which both accounts of the seconds from ``start`` to ``end`` have the same word."""
    first = next((index for index, word in enumerate(earlier) if word.end > start - MAX_APART_SECONDS), len(earlier))
    last = next((index for index, word in enumerate(later) if word.start > end + MAX_APART_SECONDS), len(later))
    return [(first + a, b) for a, b in _aligned(earlier[first:], later[:last])]


def _aligned(earlier: Sequence[HeardWord], later: Sequence[HeardWord]) -> list[tuple[int, int]]:
    """The longest row of words that both have in the same order at about the same time; of several the one whose times
    agree best, which tells the words of a refrain apart."""
    said, again = [_plain(word) for word in earlier], [_plain(word) for word in later]
    best = [[0.0] * (len(again) + 1) for _ in range(len(said) + 1)]
    gains: dict[tuple[int, int], float] = {}
    for a in reversed(range(len(said))):
        for b in reversed(range(len(again))):
            apart = abs(earlier[a].start - later[b].start)
            best[a][b] = max(best[a + 1][b], best[a][b + 1])
            if said[a] and said[a] == again[b] and apart <= MAX_APART_SECONDS:
                gains[a, b] = 1 - apart / (2 * MAX_APART_SECONDS)
                best[a][b] = max(best[a][b], best[a + 1][b + 1] + gains[a, b])
    pairs = []
    a = b = 0
    while a < len(said) and b < len(again):
        if (a, b) in gains and best[a][b] == best[a + 1][b + 1] + gains[a, b]:
            pairs.append((a, b))
            a, b = a + 1, b + 1
        elif best[a][b] == best[a + 1][b]:
            a += 1
        else:
            b += 1
    return pairs


def _dovetail(earlier: Sequence[HeardWord], later: Sequence[HeardWord], most: int) -> list[tuple[int, int]]:
    """Pairs of places with the same word, where the end of the one account is the beginning of the other; ``most``
    words of each are looked at. Of all ways to lay them over each other the one with most words in common, less those
    that only one of them has; estimated times decide between repetitions."""
    first = max(0, len(earlier) - most)
    ends, begins = earlier[first:], later[:most]
    said, again = [_plain(word) for word in ends], [_plain(word) for word in begins]
    # best[a][b]: of what comes from a and b on. The earlier account is followed to its end; from there on the later one
    # is free, as the earlier one was before it was taken up.
    best = [[0.0] * (len(again) + 1) for _ in range(len(said) + 1)]
    for a in reversed(range(len(said))):
        best[a][-1] = best[a + 1][-1] - GAP_COST
        for b in reversed(range(len(again))):
            best[a][b] = max(best[a + 1][b], best[a][b + 1]) - GAP_COST
            if said[a] and said[a] == again[b]:
                best[a][b] = max(best[a][b], best[a + 1][b + 1] + _gain(ends[a], begins[b]))
    a, b = max(range(len(said) + 1), key=lambda place: best[place][0]), 0
    pairs = []
    while a < len(said) and b < len(again):
        if said[a] and said[a] == again[b] and best[a][b] == best[a + 1][b + 1] + _gain(ends[a], begins[b]):
            pairs.append((first + a, b))
            a, b = a + 1, b + 1
        elif best[a][b] == best[a + 1][b] - GAP_COST:
            a += 1
        else:
            b += 1
    return pairs


def _gain(one: HeardWord, other: HeardWord) -> float:
    return max(LEAST_GAIN, 1 - abs(one.start - other.start) / DOUBTFUL_SECONDS)


def _joined_at(
    earlier: Sequence[HeardWord], later: Sequence[HeardWord], pairs: Sequence[tuple[int, int]], middle: float
) -> tuple[list[HeardWord], list[HeardWord]]:
    """What stays of both: up to the word of agreement nearest to the middle of the overlap from the earlier account,
    which has heard what came before it, and from the next word on from the later."""
    if pairs:
        at, again = min(pairs, key=lambda pair: abs(earlier[pair[0]].start - middle))
        return list(earlier[: at + 1]), list(later[again + 1 :])
    kept = [word for word in earlier if (word.start + word.end) / 2 < middle]
    return kept, [word for word in later if (word.start + word.end) / 2 >= middle]


class _Speakers:
    """Names that hold for the whole: ``Speaker 1``, ``Speaker 2``, in the order in which they are heard."""

    def __init__(self) -> None:
        self._count = 0

    def rename(self, words: Sequence[HeardWord], shared: Iterable[tuple[HeardWord, HeardWord]]) -> list[HeardWord]:
        """``shared`` are words of the chunk before, with their names for the whole, and the same words of this one."""
        votes = Counter((one.speaker, other.speaker) for one, other in shared if one.speaker and other.speaker)
        names: dict[str, str] = {}
        for (name, label), _ in votes.most_common():
            if name and label and label not in names and name not in names.values():
                names[label] = name
        renamed = []
        for word in words:
            if word.speaker and word.speaker not in names:
                self._count += 1
                names[word.speaker] = f"Speaker {self._count}"
            renamed.append(word.model_copy(update={"speaker": names[word.speaker]}) if word.speaker else word)
        return renamed


def _main_language(heard: Iterable[Heard]) -> str:
    """The language of most words: one chunk of a song must not decide."""
    words: Counter[str] = Counter()
    for one in heard:
        words[one.language] += len(one.words)
    return max(words, key=lambda language: (bool(language), words[language]), default="")


def _plain(word: HeardWord) -> str:
    return re.sub(r"\W", "", word.text).casefold()


# The transcript


def snippets_of(words: Sequence[HeardWord]) -> tuple[Snippet, ...]:
    """Captions of a few seconds, each of one speaker, whose name stands before their first words (``Speaker 1: …``)."""
    snippets = []
    speaker: str | None = None
    for run in _phrases(words):
        text = join_texts(word.text for word in run)
        if run[0].speaker and run[0].speaker != speaker:
            speaker = run[0].speaker
            text = f"{speaker}: {text}"
        start, end = run[0].start, max(word.end for word in run)
        snippets.append(Snippet(text=text, start=round(start, 3), duration=round(end - start, 3)))
    return tuple(snippets)


def _phrases(words: Sequence[HeardWord]) -> Iterator[list[HeardWord]]:
    run: list[HeardWord] = []
    for index, word in enumerate(words):
        run.append(word)
        following = words[index + 1] if index + 1 < len(words) else None
        most = SNIPPET_WORDS * (LETTERS_PER_WORD if is_unspaced(word.text) else 1)
        if (
            following is None
            or following.speaker != word.speaker
            or following.start - word.end > SNIPPET_PAUSE_SECONDS
            or following.end - run[0].start > SNIPPET_SECONDS
            or len(run) >= most
            or ends_sentence(word.text, following.text)
        ):
            yield run
            run = []
