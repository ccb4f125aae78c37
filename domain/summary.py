"""Summaries: the lines of a long script that carry a short film.

Extractive, in any language and the same every time: whole lines are kept, in their order, and nobody is made to say
what they have not said. What is kept are passages, neighbouring lines that can be followed on their own, rather than
the best single sentences: a film of sentences without their context is a riddle.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace
from itertools import pairwise
from math import log, sqrt

from domain.script import Line
from domain.sentences import ends_sentence
from domain.transcript import Chapter
from domain.words import is_unspaced, words_of

TOLERANCE = 0.1
"""The share of the target by which a summary may miss it; more only where no line fits."""

SHORTEST_PASSAGE_SECONDS = 4.0
LONGEST_PASSAGE_SECONDS = 24.0
PASSAGES_PER_FILM = 5
"""So many passages of the greatest length would fill the film, and twice as many of the least: enough to tell of more
than one thing, and to stay with each for longer than a sentence."""
MAX_PASSAGE_LINES = 12
SECTIONS = 8
"""A source without chapters is parted into so many sections of equal length, so that each may be heard."""

MIN_TERM_LETTERS = 4
"""Shorter words of spaced scripts are mostly grammar."""
STEM_LETTERS = 6
"""Words that begin with the same letters count as one: a stemmer for all languages, rough as it is."""

# Factors of a passage's worth.
PARAGRAPH_START = 1.3
PARAGRAPH_END = 1.2
DANGLING_START = 0.35
OPEN_END = 0.4
TORN_TURN = 0.3
PARAGRAPH_PAUSE_SECONDS = 0.3

_QUESTION = ("?", "？", "؟")
# Words that lean on the sentence before, of English, German, French, Spanish, Portuguese and Italian.
_LEANING_WORDS = (
    "he she it they him her his its their this that these those and but or so then because also therefore thus "
    "however still yet such another both neither instead otherwise afterwards there "
    "er sie es dies diese dieser dieses das und aber oder also dann denn weil deshalb darum dabei daher trotzdem "
    "danach dort auch "
    "il elle ils elles ce cela ces et mais ou donc puis car alors ensuite pourtant aussi "
    "él ella ellos ellas eso esto esa ese y pero o entonces porque también luego "
    "ele ela eles elas isso isto e mas ou então porque também depois "
    "lui lei loro questo quello ma allora quindi poi perché anche"
)
LEANING_WORDS = frozenset(_LEANING_WORDS.split())
_LEANING_OPENINGS = (
    *("しかし", "でも", "だから", "そして", "それ", "その", "この", "また", "すると", "なぜなら", "彼は", "彼女"),
    *("但是", "所以", "因为", "而且", "这", "那", "他", "她", "于是", "然后"),
)


@dataclass(frozen=True, slots=True)
class Summary:
    """The lines that are kept, and the seconds of the source at which lines between them are left out."""

    lines: tuple[Line, ...]
    breaks: tuple[float, ...] = ()

    @property
    def seconds(self) -> float:
        """How long the kept lines are spoken."""
        return sum(_seconds(line) for line in self.lines)


def summarise(lines: Sequence[Line], target_seconds: float, *, chapters: Sequence[Chapter] = ()) -> Summary:
    """The lines that say most of what ``lines`` say in about ``target_seconds`` of speech.

    Passages are chosen one by one, the one that adds most per second first: by the words that the script comes back to
    and that no chosen passage has yet, by how well it stands on its own, and by how little of its chapter is told. One
    that begins with the first line and one that ends with the last come before all others, so that the film has a
    beginning and an end. A script that is longer than the target by no more than a tenth is kept whole. Else the sum is
    within a tenth of the target wherever the lines allow, and never above it by more than one line.
    """
    spoken = [line for line in lines if line.text.strip()]
    if sum(map(_seconds, spoken)) <= target_seconds * (1 + TOLERANCE):
        return Summary(tuple(spoken))
    return summary_at(spoken, _chosen(spoken, target_seconds, chapters))


def summary_at(lines: Sequence[Line], kept: Sequence[int]) -> Summary:
    """The summary that keeps the lines at some places, which rise."""
    return Summary(tuple(lines[place] for place in kept), _gaps(lines, kept))


def _gaps(lines: Sequence[Line], kept: Sequence[int]) -> tuple[float, ...]:
    return tuple(
        (lines[before + 1].start + lines[before + 1].end) / 2 for before, after in pairwise(kept) if after > before + 1
    )


@dataclass(frozen=True, slots=True)
class _Passage:
    first: int
    following: int
    seconds: float
    worth: float
    """Factor for how well it stands on its own."""

    @property
    def places(self) -> range:
        return range(self.first, self.following)


def _chosen(lines: Sequence[Line], target_seconds: float, chapters: Sequence[Chapter]) -> list[int]:
    """The places of the kept lines, rising. Gains only fall while passages are chosen, so each is reckoned again only
    when it comes to the top (the lazy greedy of submodular covers)."""
    terms = _terms(lines)
    weights = _weights(terms)
    section_of = _sections(lines, chapters)
    told: Counter[int] = Counter()
    covered: set[str] = set()
    kept: set[int] = set()
    limit = target_seconds * (1 + TOLERANCE)

    def gain(passage: _Passage) -> float:
        if not kept.isdisjoint(passage.places):
            return 0.0
        new = {term for place in passage.places for term in terms[place]} - covered
        value = sum(weights[term] for term in sorted(new)) * passage.worth / max(passage.seconds, 1.0)
        return value / (1 + told[section_of[passage.first]])

    def take(passage: _Passage) -> float:
        kept.update(passage.places)
        covered.update(term for place in passage.places for term in terms[place])
        told[section_of[passage.first]] += 1
        return passage.seconds

    passages = _passages(lines, target_seconds)
    seconds = 0.0
    for ends in (
        [passage for passage in passages if passage.first == 0],
        [passage for passage in passages if passage.following == len(lines)],
    ):
        best = max(ends, key=lambda passage: gain(passage) * passage.seconds, default=None)
        if best and seconds + best.seconds <= limit and kept.isdisjoint(best.places):
            seconds += take(best)
    heap = [(-gain(passage), place) for place, passage in enumerate(passages)]
    heapify(heap)
    while heap and seconds < target_seconds * (1 - TOLERANCE):
        promised, place = heap[0]
        passage = passages[place]
        if seconds + passage.seconds > limit or (now := gain(passage)) <= 0:
            heappop(heap)
        elif -now > promised:
            heapreplace(heap, (-now, place))
        else:
            heappop(heap)
            seconds += take(passage)
    return sorted(_filled_up(lines, kept, target_seconds))


def _filled_up(lines: Sequence[Line], kept: set[int], target_seconds: float) -> set[int]:
    """Lines beside what is kept, first those that go on with it, until the target is reached."""
    while (missing := target_seconds - sum(_seconds(lines[place]) for place in kept)) > TOLERANCE * target_seconds:
        others = [place for place in range(len(lines)) if place not in kept]
        best = min(
            others,
            key=lambda place: (
                abs(missing - _seconds(lines[place])) > TOLERANCE * target_seconds and _seconds(lines[place]) > missing,
                place - 1 not in kept,
                place + 1 not in kept,
                abs(missing - _seconds(lines[place])),
            ),
        )
        # Whatever is nearer to the target: the film without the line, or with it.
        if kept and _seconds(lines[best]) > 2 * missing:
            break
        kept.add(best)
    return kept


def _passages(lines: Sequence[Line], target_seconds: float) -> list[_Passage]:
    longest = max(SHORTEST_PASSAGE_SECONDS, min(LONGEST_PASSAGE_SECONDS, target_seconds / PASSAGES_PER_FILM))
    passages: list[_Passage] = []
    for first in range(len(lines)):
        seconds = 0.0
        opens = _opens(lines, first)
        for following in range(first + 1, min(first + MAX_PASSAGE_LINES, len(lines)) + 1):
            seconds += _seconds(lines[following - 1])
            if seconds > longest and following > first + 1:
                break
            if seconds >= max(SHORTEST_PASSAGE_SECONDS, longest / 2) or following == len(lines):
                passages.append(_Passage(first, following, seconds, opens * _closes(lines, following)))
    return passages


def _opens(lines: Sequence[Line], first: int) -> float:
    """How well a passage can begin with a line."""
    if first == 0:
        return PARAGRAPH_START
    before, line = lines[first - 1], lines[first]
    factor = PARAGRAPH_START if line.start - before.end >= PARAGRAPH_PAUSE_SECONDS else 1.0
    words = words_of(line.text)
    word = re.sub(r"\W", "", words[0]).casefold() if words else ""
    leans = word in LEANING_WORDS or line.text.startswith(_LEANING_OPENINGS)
    if leans or not ends_sentence(before.text, line.text):
        factor *= DANGLING_START
    if before.speaker != line.speaker and before.text.rstrip().endswith(_QUESTION):
        factor *= TORN_TURN
    return factor


def _closes(lines: Sequence[Line], following: int) -> float:
    """How well a passage can end before a line."""
    if following == len(lines):
        return PARAGRAPH_END
    last, after = lines[following - 1], lines[following]
    if last.text.rstrip().endswith(_QUESTION) or not ends_sentence(last.text, after.text):
        return OPEN_END
    return PARAGRAPH_END if after.start - last.end >= PARAGRAPH_PAUSE_SECONDS else 1.0


def _sections(lines: Sequence[Line], chapters: Sequence[Chapter]) -> list[int]:
    """The section of each line."""
    borders = sorted(chapter.start for chapter in chapters)
    if not borders:
        start, end = lines[0].start, lines[-1].end
        borders = [start + (end - start) * part / SECTIONS for part in range(1, SECTIONS)]
    return [bisect_right(borders, (line.start + line.end) / 2) for line in lines]


def _terms(lines: Sequence[Line]) -> list[frozenset[str]]:
    return [frozenset(_terms_of(line.text)) for line in lines]


def _terms_of(text: str) -> list[str]:
    """What a line is about: the beginnings of its longer words; of a script without spaces, pairs of letters."""
    words = [re.sub(r"\W", "", word).casefold() for word in words_of(text)]
    found = [word[:STEM_LETTERS] for word in words if len(word) >= MIN_TERM_LETTERS and not is_unspaced(word)]
    pairs = [one + other for one, other in pairwise(words) if is_unspaced(one) and is_unspaced(other)]
    # Pairs of hiragana are endings and particles.
    return found + [pair for pair in pairs if not re.fullmatch("[\u3040-\u309f]+", pair)]


def _weights(terms: Sequence[frozenset[str]]) -> dict[str, float]:
    """What a term is worth: most if the script comes back to it, and does not use it everywhere."""
    count = len(terms)
    frequency = Counter(term for found in terms for term in found)
    return {term: sqrt(lines - 0.8) * log(count / lines) ** 2 for term, lines in frequency.items()}


def _seconds(line: Line) -> float:
    return max(0.0, line.end - line.start)
