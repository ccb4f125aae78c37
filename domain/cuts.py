"""Where speech without punctuation may be cut: by the words on either side."""

from collections.abc import Mapping
from typing import NamedTuple


class Edges(NamedTuple):
    """``never_last`` are words after which a phrase goes on; ``openers`` often begin a sentence."""

    never_last: frozenset[str]
    openers: frozenset[str]


def _edges(never_last: str, openers: str) -> Edges:
    return Edges(frozenset(never_last.split()), frozenset(openers.split()))


EDGES: Mapping[str, Edges] = {
    "en": _edges(
        "a an the my your his its our their this these those i we they he she you i'm i've i'd i'll we're they're he's "
        "she's it's that's there's and or but nor so because if when while although though unless until than as of at "
        "by for from in into on onto to with without about between through under over after before during against "
        "is are was were be been am has have had do does did will would can could shall should may might must very "
        "every each some any no not which who whose where what why how let like",
        "i we they he she you it this that there these those and but so then now because when if after before what why "
        "how who where well yes no okay in at for the let i'm i've we're they're he's she's it's that's there's",
    ),
    "de": _edges(
        "der die das den dem des ein eine einen einem einer eines mein dein sein ihr unser kein keine ich du er sie es "
        "wir und oder aber sondern dass daß weil wenn als ob obwohl bevor nachdem während von vom zu zum zur in im an "
        "am auf aus bei mit nach über unter vor zwischen durch für gegen ohne um ist sind war waren bin hat haben "
        "hatte wird werden sehr nicht wie",
        "ich du er sie es wir und aber dann da das dies diese jetzt also so wenn als nun was wer wie warum wo der die "
        "ein eine in im",
    ),
    "fr": _edges(
        "le la les un une des du de d' l' mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs ce cet cette "
        "ces je tu il elle on nous vous ils elles et ou mais que qu' qui dont parce si quand comme à au aux en dans "
        "sur sous avec sans pour par chez est sont était ai as a ont avait très ne pas plus",
        "je tu il elle on nous vous ils elles et mais alors donc puis maintenant quand si c'est ce cela le la les un "
        "une dans qui que pourquoi comment",
    ),
    "es": _edges(
        "el la los las un una unos unas mi mis tu tus su sus nuestro nuestra este esta estos estas ese esa yo y o pero "
        "que porque si cuando como aunque de del a al en con sin por para sobre entre hasta desde es son era eran está "
        "están ha han había muy no más",
        "yo tú él ella nosotros ellos y pero entonces luego ahora cuando si porque el la los un una en qué quién cómo "
        "por",
    ),
}


def edge_worth(last: str, following: str, language: str) -> int:
    """How well a line can end between two words: 1 where the second often begins a sentence, -1 where the first hardly
    ends one. In a language that is not known here every place is as good."""
    edges = EDGES.get(language.partition("-")[0].lower())
    if edges is None:
        return 0
    if last.strip().casefold() in edges.never_last:
        return -1
    return int(following.strip().casefold() in edges.openers)
