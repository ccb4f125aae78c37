"""Fillers: sounds of thinking that mean nothing, in the languages in which they cannot be taken for a word."""

import re
from collections.abc import Mapping
from functools import cache

FILLERS: Mapping[str, str] = {
    "en": "um+|uh+m*|erm+",
    "de": "äh+m*|ähem|öh+m*",
    "nl": "uh+m*|ehm+",
    "sv": "öh+m*|eh+m",
    "da": "øh+m*",
    "no": "øh+m*",
    "fr": "euh+|heu+",
    "es": "eh+m+|em{2,}",
    "it": "eh+m+",
    "pt": "ahn+|hã+",
    "pl": "yhm+|e{3,}+",
    "ru": "э++м*|э-э++",
    "ja": "えーっ?と|ええっ?と|えっと|あのー+",
    "zh": "呃++",
}
"""As regular expressions; those of a single letter give none of it back, or a run of it could be parted in any number
of ways. "Like", "you know", "well" and their kin are words and stay, as does "hmm", which answers."""

_BEFORE = r"(?P<before>\A|(?<=\n)|[,;、，]\s*|(?<=[.!?…。！？])\s+|(?<=[。！？])|(?<=>>)\s*|(?<=- )|(?<=: )|[—–…]\s*)"
_AFTER = r"(?P<after>\s*(?:\.{3}|[,;.…、，。—–])\s*|(?=\n)|\Z)"


def without_fillers(text: str, language: str, *, is_generated: bool) -> str:
    """``text`` (rows of a caption) without fillers that stand alone: at its start or between marks of punctuation. What
    a machine has heard (``is_generated``) has no punctuation, and loses them wherever they are whole words."""
    patterns = _patterns(language.partition("-")[0].lower())
    if patterns is None:
        return text
    marked, bare = patterns
    text = marked.sub(_rest, text)
    if is_generated and not re.search("[.!?]", text):
        text = bare.sub("", text)
    return text


@cache
def _patterns(language: str) -> tuple[re.Pattern[str], re.Pattern[str]] | None:
    words = FILLERS.get(language)
    if words is None:
        return None
    run = rf"(?P<fillers>(?:{words})(?:[,、，]?\s*(?:{words}))*)(?![\w'’-])"
    return (
        re.compile(rf"{_BEFORE}{run}{_AFTER}(?P<next>\w?)", re.IGNORECASE),
        re.compile(rf"(?<![\w'’-])(?:{words})(?![\w'’-])[ ]?", re.IGNORECASE),
    )


def _rest(found: re.Match[str]) -> str:
    before, after, following = found["before"], found["after"], found["next"]
    is_within = bool(before.strip())
    if is_within and not following:
        # "Yes, um." ends where "Yes." does; a caption that ends with a filler may go on in the next.
        return after.strip() if after.strip() in (".", "。") else before.rstrip()
    if is_within:
        return before + following
    return before + (following.upper() if found["fillers"][0].isupper() else following)
