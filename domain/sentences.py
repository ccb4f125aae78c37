"""Sentences: where one ends, in the punctuation of many languages."""

import re

_TERMINAL = ".!?…。！？．؟۔।॥։።។៕။"
_CLOSERS = "\"'”’»›)]）」』】"
_OPENERS = "\"'“‘«‹([（「『【¿¡"

_TITLES_AND_SUCH = (
    "mr mrs ms mx dr prof sr jr st mt vs fig approx dept gen col sgt capt lt rev hon gov sen rep e.g i.e cf bzw ca ggf "
    "usw z.b d.h sra dra mme mlle"
)
NEVER_LAST = frozenset(_TITLES_AND_SUCH.split())
"""Abbreviations after which a sentence goes on."""

SOMETIMES_LAST = frozenset({"a.m", "p.m", "etc", "inc", "ltd", "co", "corp", "ph.d"})
"""Abbreviations that may end a sentence: they do when a capital follows."""


def ends_sentence(word: str, following: str | None) -> bool:
    """Whether a sentence ends with ``word``; ``following`` is the next word, ``None`` at the end of the text."""
    word = word.strip()
    core = word.rstrip(_CLOSERS)
    if not core or core[-1] not in _TERMINAL:
        return False
    next_letter = following.lstrip(_OPENERS)[:1] if following else ""
    if next_letter.islower() and (core != word or core.endswith(("…", ".."))):
        return False
    if core[-1] != "." or core.endswith(".."):
        return True
    stem = core[:-1].lstrip(_OPENERS).casefold()
    if stem in SOMETIMES_LAST:
        return not next_letter or next_letter.isupper()
    if stem == "no":
        return not next_letter.isdigit()
    is_initial = re.fullmatch(r"[^\W\d_]", stem) is not None and stem != "i"
    is_dotted = re.fullmatch(r"(?:[^\W\d_]\.)+[^\W\d_]", stem) is not None
    return not following or not (stem in NEVER_LAST or is_initial or is_dotted)


def ends_clause(word: str) -> bool:
    """Whether a comma or the like, or the end of a sentence, makes ``word`` a good one to cut a long sentence after."""
    return word.rstrip().endswith((",", ";", ":", "、", "，", "；", "،", "–", "—")) or ends_sentence(word, None)
