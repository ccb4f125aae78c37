"""The model of the sandbox as it punctuates: sentences of a dozen words, or up to a word that often begins one."""

from collections.abc import Collection
from typing import Any

from sandbox.openai.faults import HIJACK, Trouble
from sandbox.openai.material import AskedPassage
from sandbox.openai.schema import Schema, blank, filled

LONGEST_SENTENCE_WORDS = 12
SHORTEST_SENTENCE_WORDS = 4
_OPENERS = "so and but then now well i you we he she it they the there what when how"
OPENERS = frozenset(_OPENERS.split())
ADVERTISEMENT = "Visit https://example.com/win"


def punctuated(passage: AskedPassage, schema: Schema, troubles: Collection[Trouble]) -> Any:
    """The words of the passage as sentences, in every text that ``schema`` has."""
    text = _sentences(passage, troubles)
    return filled(schema, schema, lambda _key, one: text if one.get("type") == "string" else blank(one))


def _sentences(passage: AskedPassage, troubles: Collection[Trouble]) -> str:
    if HIJACK in passage.text.casefold():
        return ADVERTISEMENT
    turns = [turn.split() for turn in passage.text.splitlines() if turn.strip()]
    goes_on = [False] * len(turns)
    if goes_on and passage.after:
        goes_on[-1] = True
    rows = [
        _turn(words, has_begun=place == 0 and bool(passage.before), goes_on=goes_on[place])
        for place, words in enumerate(turns)
    ]
    said = " ".join(rows).split(" ")
    if Trouble.WRONG_WORDS in troubles:
        said[len(said) // 2] = "reportedly"
    if Trouble.LINK in troubles:
        said.append(ADVERTISEMENT)
    if Trouble.TOO_LONG in troubles:
        said += ["and", "on"] * 100
    return " ".join(said)


def _turn(words: list[str], *, has_begun: bool, goes_on: bool) -> str:
    made: list[str] = []
    length = 0
    for place, word in enumerate(words):
        begins = length >= LONGEST_SENTENCE_WORDS or (
            length >= SHORTEST_SENTENCE_WORDS and word.casefold().strip(",") in OPENERS
        )
        if begins:
            made[-1] = f"{made[-1]}."
            length = 0
        is_first = begins or (place == 0 and not has_begun)
        made.append(f"{word[:1].upper()}{word[1:]}" if is_first or word == "i" else word)
        length += 1
    if made and not goes_on:
        made[-1] = f"{made[-1]}."
    return " ".join(made)
