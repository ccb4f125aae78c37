"""Cues: what is said in a film, as captions that can be read: two short rows at a time, each while its words are said.

The limits are those of broadcasters and streaming services: at most two rows and 42 letters in each, one second to
seven, https://partnerhelp.netflixstudios.com/hc/en-us/articles/215758617. They are goals: words that are said faster
than anybody reads are shown as they are said, and none is left out.
"""

import unicodedata
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import ceil
from typing import NamedTuple

from domain.columns import columns_of, cut_to, is_wide
from domain.scenes import Scene
from domain.script import Line
from domain.sentences import ends_clause, ends_sentence
from domain.speech import PlacedLine
from domain.words import TimedWord, gap_after, time_words, words_of

SHORTEST_SECONDS, LONGEST_SECONDS = 1.0, 7.0
MOST_COLUMNS_PER_SECOND = 20.0
"""How fast people read: of a script with wide letters, ten of them in a second."""
MOST_WIDE_COLUMNS = 32
"""Sixteen Chinese, Japanese or Korean letters in a row, however wide the picture."""
MOST_TOKENS = 100
"""Of one caption: no two rows have so many words, unless they have no width."""
PAUSE_SECONDS = 0.5
"""A caption ends at a silence that is longer."""
LINGER_SECONDS = 0.25
"""How long a caption stays after its last word, if it has been there long enough to be read."""
LEAD_SECONDS = 0.5
"""How much before its first word a caption may come that would be too short."""
FLICKER_SECONDS = 0.25
"""A caption stays until the next one comes, if the screen would be empty for less."""
TURN_MARK = "- "
"""Before each row where two people share a caption."""

_AT_CLAUSE, _ANYWHERE, _SENTENCE_WITHIN = 0.4, 1.2, 1.2
_PER_SECOND_TOO_SHORT, _PER_TIME_TOO_FAST = 4.0, 2.0
"""What a border of captions costs where it is not the end of a sentence, what a sentence costs that ends in the middle
of a caption, and what a caption costs that is too short or too fast, in captions."""
_ROW_AT_SENTENCE, _ROW_AT_CLAUSE = 24, 8
"""How many columns the rows of a caption may differ more in length so that the break falls there."""


class SaidLine(NamedTuple):
    """A line while it is said; ``words`` are empty where nobody knows their times. Seconds are those of the scene."""

    text: str
    start: float
    end: float
    speaker: str | None = None
    words: tuple[TimedWord, ...] = ()


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption, on the screen from ``start`` to ``end``, with its rows of words. ``has_word_times`` says that the
    words' times were heard, or told by who spoke them, and are no guess."""

    start: float
    end: float
    rows: tuple[tuple[TimedWord, ...], ...]
    has_word_times: bool = False

    @property
    def texts(self) -> tuple[str, ...]:
        """Its rows as they are read."""
        return tuple("".join(word.text for word in row).strip() for row in self.rows)

    def moved(self, seconds: float) -> "Cue":
        """The same ``seconds`` later, as where its scene begins in the film."""
        rows = tuple(
            tuple(word._replace(start=word.start + seconds, end=word.end + seconds) for word in row)
            for row in self.rows
        )
        return replace(self, start=self.start + seconds, end=self.end + seconds, rows=rows)


def said_in(scene: Scene, speech: Sequence[PlacedLine] | None) -> tuple[SaidLine, ...]:
    """What is said in ``scene``: its ``speech``; and a line that nobody has spoken, when the source has it."""
    spoken = deque(speech or ())
    said: list[SaidLine] = []
    for line in scene.lines:
        if spoken and spoken[0].line.text == line.text.strip():
            said.append(_spoken(spoken.popleft()))
        else:
            said.append(_unspoken(line, scene))
    if spoken:
        # It is of other lines than the scene has by now, and is what is heard.
        return tuple(map(_spoken, speech or ()))
    return tuple(sorted(said, key=lambda one: one.start))


def _spoken(placed: PlacedLine) -> SaidLine:
    words = tuple(
        word._replace(start=word.start + placed.start, end=word.end + placed.start) for word in placed.line.words
    )
    return SaidLine(placed.line.text, placed.start, placed.end, str(placed.line.character_id), words)


def _unspoken(line: Line, scene: Scene) -> SaidLine:
    return SaidLine(line.text, max(0.0, line.start - scene.start), max(0.0, line.end - scene.start), line.speaker)


def cues_of(lines: Sequence[SaidLine], seconds: float, *, columns: int) -> tuple[Cue, ...]:
    """The captions of a scene that lasts ``seconds``, in rows of at most ``columns``. None begins before the scene or
    ends after it, no two are seen together, and every word of ``lines`` is in one of them."""
    drafts = [draft for turn in _turns(_within(lines, seconds), seconds, columns) for draft in _drafts(turn)]
    return _settled(_shared(drafts), seconds)


def still_second(cues: Sequence[Cue], seconds: float) -> float:
    """When a still is best taken of a scene of ``seconds``: at the whole second nearest to its middle at which no
    caption is seen, or in the middle where there is none."""
    middle = seconds / 2
    clear = [second for second in range(ceil(seconds)) if not any(cue.start <= second < cue.end for cue in cues)]
    return float(min(clear, key=lambda second: abs(second - middle))) if clear else middle


class _Token(NamedTuple):
    """A word, or a piece of one that is longer than a row. ``columns`` are its own, ``gap`` those of the white space
    after it, ``most`` those that a row of its line may have."""

    word: TimedWord
    columns: int
    gap: int
    most: int
    is_timed: bool
    ends_sentence: bool
    ends_clause: bool

    @property
    def start(self) -> float:
        return self.word.start

    @property
    def end(self) -> float:
        return self.word.end


_Row = tuple[_Token, ...]


class _Draft(NamedTuple):
    """A caption before it is known how long it may stay."""

    rows: tuple[_Row, ...]
    speaker: str | None

    @property
    def start(self) -> float:
        return self.rows[0][0].start

    @property
    def end(self) -> float:
        return self.rows[-1][-1].end

    @property
    def columns(self) -> int:
        return sum(map(_columns, self.rows))


class _Turn(NamedTuple):
    """What one person says without a pause; ``room`` is when somebody speaks again, or the scene ends."""

    tokens: list[_Token]
    speaker: str | None
    room: float


def _within(lines: Sequence[SaidLine], seconds: float) -> list[SaidLine]:
    """``lines`` in order of time, none before the end of the one before it, all pressed together where the last one
    would go on after the scene."""
    placed: list[SaidLine] = []
    free = 0.0
    for line in sorted((line for line in lines if line.text.strip()), key=lambda line: line.start):
        placed.append(_scaled(line, 1.0, max(0.0, free - line.start)))
        free = max(placed[-1].start, placed[-1].end)
    if free <= seconds:
        return placed
    return [_scaled(line, seconds / free, 0.0) for line in placed]


def _scaled(line: SaidLine, factor: float, later: float) -> SaidLine:
    words = tuple(TimedWord(text, start * factor + later, end * factor + later) for text, start, end in line.words)
    start = line.start * factor + later
    return line._replace(start=start, end=max(start, line.end * factor + later), words=words)


def _turns(lines: Sequence[SaidLine], seconds: float, columns: int) -> list[_Turn]:
    turns: list[_Turn] = []
    speaker: str | None = None
    tokens: list[_Token] = []
    for line in lines:
        for token in _tokens(line, columns):
            if tokens and (line.speaker != speaker or token.start - tokens[-1].end > PAUSE_SECONDS):
                turns.append(_Turn(tokens, speaker, token.start))
                tokens = []
            speaker = line.speaker
            tokens.append(token)
    return [*turns, _Turn(tokens, speaker, seconds)] if tokens else turns


def _tokens(line: SaidLine, columns: int) -> list[_Token]:
    text = line.text.strip()
    is_timed = "".join(word.text for word in line.words).split() == text.split()
    words = list(line.words) if is_timed else time_words(words_of(text), line.start, line.end)
    words = [word._replace(text=_plain(word.text)) for word in words if _plain(word.text).strip()]
    if not words:
        return []
    words[-1] = words[-1]._replace(text=words[-1].text.rstrip() + gap_after(words[-1].text.rstrip()))
    most = min(columns, MOST_WIDE_COLUMNS) if is_wide(text) else columns
    pieces = [piece for word in words for piece in time_words(cut_to(most, word.text), word.start, word.end)]
    tokens = [
        _Token(
            word=piece,
            columns=columns_of(piece.text.rstrip()),
            gap=len(piece.text) - len(piece.text.rstrip()),
            most=most,
            is_timed=is_timed,
            ends_sentence=ends_sentence(piece.text, following.text if following else None),
            ends_clause=ends_clause(piece.text),
        )
        for piece, following in zip(pieces, [*pieces[1:], None], strict=True)
    ]
    return [*tokens[:-1], tokens[-1]._replace(ends_sentence=True)]


def _plain(text: str) -> str:
    """Without control signs, and with spaces for all white space: what ends a row elsewhere would end it in a file."""
    spaced = "".join(" " if letter.isspace() else letter for letter in text)
    return "".join(letter for letter in spaced if unicodedata.category(letter) not in ("Cc", "Cs"))


def _drafts(turn: _Turn) -> list[_Draft]:
    """The captions of a turn that cost least together."""
    tokens = turn.tokens
    costs = [0.0] + [float("inf")] * len(tokens)
    begins = [0] * (len(tokens) + 1)
    captions: list[tuple[_Row, ...]] = [()] * (len(tokens) + 1)
    for end in range(1, len(tokens) + 1):
        room = tokens[end].start if end < len(tokens) else turn.room
        for begin in range(end - 1, -1, -1):
            piece = tuple(tokens[begin:end])
            is_long = piece[-1].end - piece[0].start > LONGEST_SECONDS or len(piece) > MOST_TOKENS
            if len(piece) > 1 and is_long:
                break
            rows = _rows(piece)
            if not rows:
                break
            cost = costs[begin] + _cost(piece, room, is_last=end == len(tokens))
            if cost < costs[end]:
                costs[end], begins[end], captions[end] = cost, begin, rows
    drafts: list[_Draft] = []
    end = len(tokens)
    while end:
        drafts.append(_Draft(captions[end], turn.speaker))
        end = begins[end]
    return drafts[::-1]


def _cost(piece: _Row, room: float, *, is_last: bool) -> float:
    cost = 1.0 + _SENTENCE_WITHIN * sum(token.ends_sentence for token in piece[:-1])
    if not is_last and not piece[-1].ends_sentence:
        cost += _AT_CLAUSE if piece[-1].ends_clause else _ANYWHERE
    longest = max(0.05, min(room - piece[0].start, LONGEST_SECONDS))
    cost += _PER_SECOND_TOO_SHORT * max(0.0, SHORTEST_SECONDS - longest)
    return cost + _PER_TIME_TOO_FAST * max(0.0, _columns(piece) / longest / MOST_COLUMNS_PER_SECOND - 1)


def _columns(row: _Row) -> int:
    return sum(token.columns + token.gap for token in row) - row[-1].gap


def _rows(piece: _Row) -> tuple[_Row, ...]:
    """One row or two, none where that is not enough. Of two, neither is much longer than the other, and a sentence or a
    clause ends with the first if it can."""
    most = min(token.most for token in piece)
    whole = _columns(piece)
    if whole <= most or len(piece) == 1:
        return (piece,)
    best = (float("inf"), 0)
    for at, before in enumerate(accumulate(token.columns + token.gap for token in piece[:-1]), 1):
        last = piece[at - 1]
        first, second = before - last.gap, whole - before
        if first <= most and second <= most:
            good = _ROW_AT_SENTENCE if last.ends_sentence else _ROW_AT_CLAUSE if last.ends_clause else 0
            best = min(best, (abs(first - second) - good, at))
    at = best[1]
    return (piece[:at], piece[at:]) if at else ()


def _shared(drafts: Sequence[_Draft]) -> list[_Draft]:
    """A caption that would be too short to be read shares the screen with a neighbour of one row."""
    shared: list[_Draft] = []
    for number, draft in enumerate(drafts):
        room = drafts[number + 1].start if number + 1 < len(drafts) else float("inf")
        too_short = min(room, draft.end + LINGER_SECONDS) - draft.start < SHORTEST_SECONDS
        if shared and (too_short or draft.start - shared[-1].start < SHORTEST_SECONDS):
            together = _together(shared[-1], draft)
            if together:
                shared[-1] = together
                continue
        shared.append(draft)
    return shared


def _together(one: _Draft, other: _Draft) -> _Draft | None:
    is_near = other.start - one.end <= PAUSE_SECONDS and other.end - one.start <= LONGEST_SECONDS
    if not is_near or len(one.rows) > 1 or len(other.rows) > 1:
        return None
    if one.speaker == other.speaker:
        return _Draft((*one.rows, *other.rows), one.speaker)
    if any(_columns(row) + len(TURN_MARK) > row[0].most for row in (*one.rows, *other.rows)):
        return None
    return _Draft((_marked(one.rows[0]), _marked(other.rows[0])), other.speaker)


def _marked(row: _Row) -> _Row:
    first = row[0]
    word = first.word._replace(text=TURN_MARK + first.word.text)
    return (first._replace(word=word, columns=first.columns + len(TURN_MARK)), *row[1:])


def _settled(drafts: Sequence[_Draft], seconds: float) -> tuple[Cue, ...]:
    """How long each stays: until it is read, but never into the next one or over the border of the scene."""
    cues: list[Cue] = []
    starts = [*(draft.start for draft in drafts), seconds, float("inf")]
    free = 0.0
    for number, draft in enumerate(drafts):
        following, one_later = starts[number + 1], starts[number + 2]
        # The next one may have to come a little before its words.
        lead = min(LEAD_SECONDS, max(0.0, SHORTEST_SECONDS - (one_later - following)))
        room = min(max(draft.end, following - lead), draft.start + LONGEST_SECONDS)
        readable = max(SHORTEST_SECONDS, draft.columns / MOST_COLUMNS_PER_SECOND)
        end = min(room, max(draft.end + LINGER_SECONDS, draft.start + readable))
        if room - end < FLICKER_SECONDS:
            end = room
        start = max(free, draft.start - LEAD_SECONDS, min(draft.start, end - SHORTEST_SECONDS))
        free = end
        cues.append(
            Cue(
                start=round(start, 3),
                end=round(end, 3),
                rows=tuple(tuple(token.word for token in row) for row in draft.rows),
                has_word_times=all(token.is_timed for row in draft.rows for token in row),
            )
        )
    return tuple(cues)
