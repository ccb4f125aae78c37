"""From a transcript to a script: clean sentences with times and speakers."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from domain.captions import AS_USUAL, clean_captions, is_mostly_sung
from domain.cuts import edge_worth
from domain.errors import ErrorCode, RecastError
from domain.reading import Reading
from domain.script import Line, Script
from domain.sentences import ends_clause, ends_sentence
from domain.transcript import Transcript
from domain.turns import Turns
from domain.words import gap_after, is_unspaced, time_words, words_of

PAUSE_SECONDS = 0.8
"""A silence that parts lines where no punctuation does."""
LONG_PAUSE_SECONDS = 2.0
"""A silence that parts lines even in the middle of a sentence."""
SHORTEST_CUT_WORDS, LONGEST_CUT_WORDS = 8, 20
"""Speech without punctuation is cut into lines of about so many words."""
SHORTEST_REST_WORDS = 8
LONGEST_SENTENCE_WORDS = 40
"""A longer sentence is rather speech with hardly any punctuation, and is cut like it."""
LETTERS_PER_WORD = 2
"""Of a script without spaces, where each letter counts as a word."""

_HEARD_I = re.compile(r"(?<![\w'’.-])i(?=$|[\s,;:!?]|['’](?:m|d|ve|ll|s)\b)")


class SpokenWord(NamedTuple):
    """A word with the white space after it; when (seconds) and by whom it is said; whether its caption ends here."""

    text: str
    start: float
    end: float
    speaker: str | None
    ends_caption: bool


def normalise(transcript: Transcript, reading: Reading = AS_USUAL) -> Script:
    """The script of a transcript: one line per sentence, its times interpolated within the captions it came in.

    Casing is kept, but for the English "I", which machines hear as "i". Captions without punctuation become lines at
    pauses, or of about 8 to 20 words, cut where the words suggest that a sentence begins; a caption of a song is one.
    Raises ``RecastError(EMPTY_SCRIPT)`` when nothing is said.
    """
    return script_of(transcript, spoken_words(transcript, reading))


def script_of(transcript: Transcript, words: Sequence[SpokenWord]) -> Script:
    """The script of a transcript whose words may have got punctuation since (`domain/restoring.py`); raises as
    `normalise`."""
    is_song = not transcript.is_generated and is_mostly_sung(transcript)
    lines = tuple(
        Line(
            text=_spelt("".join(word.text for word in sentence).strip(), transcript),
            start=round(sentence[0].start, 3),
            end=round(sentence[-1].end, 3),
            speaker=sentence[0].speaker,
        )
        for run in _sentences(words)
        for sentence in _cut(run, transcript.language, is_song=is_song)
        if any(character.isalnum() for word in sentence for character in word.text)
    )
    if not lines:
        raise RecastError(ErrorCode.EMPTY_SCRIPT)
    return Script(
        title=" ".join(transcript.title.split()),
        language=transcript.language,
        lines=lines,
        chapters=transcript.chapters,
    )


def spoken_words(transcript: Transcript, reading: Reading = AS_USUAL) -> list[SpokenWord]:
    """All that is said, word by word, by whom and when."""
    captions = clean_captions(transcript, reading)
    rows = [[row.strip() for row in re.split(r"\n|(?<!>)(?=>>)", caption.text)] for caption in captions]
    turns = Turns(chain.from_iterable(rows))
    spoken: list[SpokenWord] = []
    for caption, rows_of_caption in zip(captions, rows, strict=True):
        words: list[str] = []
        speakers: list[str | None] = []
        for row in rows_of_caption:
            said = words_of(turns.hear(row))
            if said:
                said[-1] += gap_after(said[-1])
                words += said
                speakers += [turns.current] * len(said)
        timed = time_words(words, caption.start, caption.end)
        spoken += [
            SpokenWord(*word, speaker, index == len(timed))
            for index, (word, speaker) in enumerate(zip(timed, speakers, strict=True), start=1)
        ]
    return spoken


def _sentences(words: Sequence[SpokenWord]) -> Iterator[list[SpokenWord]]:
    """Runs of words of one speaker that end with a sentence, or where a long pause ends them."""
    run: list[SpokenWord] = []
    for index, word in enumerate(words):
        run.append(word)
        following = words[index + 1] if index + 1 < len(words) else None
        if (
            following is None
            or following.speaker != word.speaker
            or following.start - word.end > LONG_PAUSE_SECONDS
            or ends_sentence(word.text, following.text)
        ):
            yield run
            run = []


def _cut(run: list[SpokenWord], language: str, *, is_song: bool) -> Iterator[list[SpokenWord]]:
    """The lines of a run: itself if it is a sentence, else its parts between pauses, none of them too long. Of a song
    each caption is a verse, and a line."""
    scale = LETTERS_PER_WORD if sum(is_unspaced(word.text) for word in run) * 2 > len(run) else 1
    if ends_sentence(run[-1].text, None) and len(run) <= LONGEST_SENTENCE_WORDS * scale:
        yield run
        return
    first = 0
    for index, word in enumerate(run):
        is_verse = is_song and word.ends_caption
        if index + 1 < len(run) and run[index + 1].start - word.end <= PAUSE_SECONDS and not is_verse:
            continue
        while (left := index + 1 - first) > LONGEST_CUT_WORDS * scale:
            shortest = SHORTEST_CUT_WORDS * scale
            longest = min(LONGEST_CUT_WORDS * scale, left - SHORTEST_REST_WORDS * scale)
            middle = (SHORTEST_CUT_WORDS + LONGEST_CUT_WORDS) * scale / 2
            at = max(
                range(first + shortest, first + longest + 1),
                key=lambda place: (
                    ends_clause(run[place - 1].text),
                    edge_worth(run[place - 1].text, run[place].text, language),
                    run[place - 1].ends_caption,
                    -abs(place - first - middle),
                ),
            )
            yield run[first:at]
            first = at
        yield run[first : index + 1]
        first = index + 1


def _spelt(text: str, transcript: Transcript) -> str:
    is_english = transcript.language.partition("-")[0].lower() == "en"
    return _HEARD_I.sub("I", text) if is_english and transcript.is_generated else text
