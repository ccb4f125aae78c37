"""Names of speakers, written so that the script recognises them: ``>> NAME: `` before the words."""

import re
from itertools import count

from domain.turns import NAME_WORD, NOT_NAMES, is_name

MAX_NAME_WORDS = 3
_WORD = re.compile(rf"{NAME_WORD}|\d{{1,2}}")


class Speakers:
    """The labels of one file's speakers. A name that a label cannot hold (a number, or the single letter of a diarizer)
    becomes ``Speaker 1``, ``Speaker 2``, in the order in which they speak."""

    def __init__(self) -> None:
        self._labels: dict[str, str] = {}
        self._taken: set[str] = set()
        self._numbers = count(1)

    def row(self, name: str, text: str) -> str:
        """``text`` as said by ``name``; without a name, as it is."""
        name = " ".join(name.split())
        return f">> {self._label(name)}: {text.strip()}" if name else text

    def _label(self, name: str) -> str:
        if name not in self._labels:
            words = [word for word in _WORD.findall(name.replace("_", " ")) if word.casefold() not in NOT_NAMES]
            words = [word[0].upper() + word[1:40] for word in words[:MAX_NAME_WORDS]]
            if not words or words[0].isdigit() or not is_name(" ".join(words)):
                words = ["Speaker", self._next_number()]
            self._labels[name] = " ".join(words)
            self._taken.add(self._labels[name])
        return self._labels[name]

    def _next_number(self) -> str:
        return next(str(number) for number in self._numbers if f"Speaker {number}" not in self._taken)
