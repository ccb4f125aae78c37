"""Sounds: what captions say about what is heard, beside what is said."""

import re

from domain.turns import NOT_NAMES
from domain.words import is_unspaced

NOTES = "♩♪♫♬🎵🎶"
_BRACKETS = re.compile(r"\[([^\[\]]{0,80})\]|［([^［］]{0,80})］")
_ASIDE = re.compile(r"[(（*]([^()（）*]{1,60})[)）*]")
_SOUND = re.compile(
    r"\b(?:music(?!ian|al|\s(?:video|box|theory|teacher|school|store|industry|business))|musi[kq](?!er)|m[uú]sica\b|müzik|"
    r"muzyka|muzi(?:ek|c[aă]|ka)\b|hudba|glazba|zene\b|nhạc|applau|aplau[sz]|beifall|oklaski|"
    r"alkış|clap(?:s|ping)\b|laugh|gelächter|lach(?:t|en|end)\b|gelach\b|skratt|śmiech|kahkaha|ris(?:[ao]s|at[ae])\b|"
    r"rires?\b|chuckl|giggl|cheer(?:s|ing)\b|sigh(?!t)|gasp|groan|moan(?:s|ing)\b|cough|sob(?:s|bing)\b|cry(?:ing)\b|"
    r"scream|whistl|whisper|shout(?:s|ing)\b|yell(?:s|ing)\b|murmur|chatter|crosstalk|beep|buzz|knock|footstep|thunder|"
    r"bark(?:s|ing)\b|snor(?:e|ing)|sniff|inaudibl|indistinct|unintelligible|silence|static\b|sing(?:s|ing)\b|"
    r"hum(?:s|ming)\b|foreign(?: language)?\Z|blank[ _]audio|муз[иы]к|аплод|смех|موسيقى|تصفيق)|"
    r"音楽|拍手|笑|音乐|掌声|音樂|掌聲|음악|박수|웃음|संगीत|เพลง",
    re.IGNORECASE,
)
_DONE = re.compile(r"\w+(?:s|ing)\W*\Z")
_ARTICLES = frozenset({"a", "an", "the"})
_SENTENCE_WORDS = (
    "i me my you your he him his she her we us our they them their it its was were is are am be been has have had did "
    "do does not that this which who"
)
_PROSE = frozenset(_SENTENCE_WORDS.split())
"""Words of sentences, and of no tag about a sound, unless as in "he laughs"."""
_WHO = frozenset({"i", "he", "she", "we", "they", "it"})
MOST_UNSPACED_LETTERS = 10
MOST_TAG_WORDS = 4
ROW_LETTERS = 200
FEWEST_TAG_CAPITALS = 3
"""``[US]`` is an editor's; ``[TV]`` too, but for the row that it has for itself."""


def without_tags(text: str) -> str:
    """``text`` (rows of a caption) without ``[Music]`` and its like; brackets around words that are said stay."""
    return _BRACKETS.sub(lambda found: " " if _is_tag(found) else found[0], text)


def without_asides(text: str) -> str:
    """``text`` without ``(applause)`` and ``*laughs*``."""
    return _ASIDE.sub(lambda aside: " " if _is_sound(aside[1]) else aside[0], text)


def _is_tag(found: re.Match[str]) -> bool:
    """Whether what stands in brackets is no part of what is said: a sound, or a note in capitals, in a row of its own,
    or before the sentence that begins there."""
    inside = (found[1] or found[2] or "").strip()
    capitals = sum(map(str.isupper, inside))
    if not any(map(str.isalnum, inside)) or _is_sound(inside):
        return True
    if inside.isupper() and capitals >= FEWEST_TAG_CAPITALS:
        return True
    before, after = _rest_of_row(found)
    words = inside.casefold().split()
    if any(map(str.isalnum, before)) or not any(map(str.isalpha, inside)) or not _PROSE.isdisjoint(words):
        return False
    following = after.strip(f" {NOTES}")[:1]
    is_label = inside[0].isupper() and len(words) <= MOST_TAG_WORDS and NOT_NAMES.isdisjoint(words)
    return not any(map(str.isalnum, after)) or (is_label and (following.isupper() or following in ":："))


def _rest_of_row(found: re.Match[str]) -> tuple[str, str]:
    """Some letters of the same row on either side, enough to tell whether there are words."""
    before = found.string[max(0, found.start() - ROW_LETTERS) : found.start()]
    after = found.string[found.end() : found.end() + ROW_LETTERS]
    return before.rpartition("\n")[2], after.partition("\n")[0]


def _is_sound(aside: str) -> bool:
    """Whether an aside only tells of a sound: "laughs", "soft music playing", but not "he was laughing at me"."""
    found = _SOUND.search(aside)
    words = [word.strip(".,!?…") for word in aside.casefold().split()]
    if found is None or not words:
        return False
    if is_unspaced(aside):
        is_edge = found.start() == 0 or found.end() == len(aside)
        return len(words) > 1 or (is_edge and len(aside) <= MOST_UNSPACED_LETTERS)
    if not _ARTICLES.isdisjoint(words) and not (_SOUND.search(words[-1]) and _DONE.search(words[-1])):
        return False
    return _PROSE.isdisjoint(words) or (len(words) == 2 and _SOUND.search(words[1]) is not None and words[0] in _WHO)
