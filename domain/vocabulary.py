"""What words say about a scene: where it plays, in what light, and how its speaker behaves. English word tables."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple, TypeVar

from domain.shots import Light, Setting

STRONG_WEIGHT = 3
WEAK_WEIGHT = 1

Meaning = TypeVar("Meaning")


class Table(NamedTuple):
    """``strong`` words name the thing itself, ``weak`` ones hint at it. ``galax*`` matches any word that begins so."""

    strong: str
    weak: str = ""


SETTINGS: Mapping[Setting, Table] = {
    Setting.STUDIO: Table(
        "studio studios podcast* newsroom interview* broadcast*", "camera* microphone* subscribe* host*"
    ),
    Setting.CITY: Table(
        "city cities street* downtown skyscraper* traffic subway metropoli* sidewalk* pavement",
        "town towns building buildings car cars taxi* bus buses crowd* shop shops market* train trains urban office*",
    ),
    Setting.HOME: Table(
        "kitchen* bedroom* sofa couch living-room apartment* fireplace* bathroom*",
        "home homes house houses family mother* father* cook* recipe* dinner breakfast bed oven bake* baking bread",
    ),
    Setting.CLASSROOM: Table(
        "classroom* school schools blackboard* whiteboard* homework lecture* classmate*",
        "teacher* student* lesson* exam exams math* equation* learn* pupil* teach* course* algebra grammar",
    ),
    Setting.LIBRARY: Table(
        "library libraries bookshel* archive* manuscript* encyclop* librarian*",
        "book books novel* author* poem* poet* literature histor* philosoph* ancient read reading century centuries",
    ),
    Setting.LABORATORY: Table(
        "laborator* lab labs microscop* experiment* test-tube* petri chemist*",
        "scien* molecul* atom atoms cell cells dna virus* bacteri* protein* reaction* physic* quantum research* robot*",
    ),
    Setting.FOREST: Table(
        "forest* woods jungle* rainforest* woodland* grove*",
        "tree trees leaf leaves wolf wolves bear bears bird birds mushroom* moss animal* deer fox foxes plant plants",
    ),
    Setting.MOUNTAIN: Table(
        "mountain* summit* glacier* alps alpine himalaya* everest cliff*",
        "climb* hike* hiking peak peaks snow* valley* rock rocks volcano* altitude ski skiing avalanche*",
    ),
    Setting.SEA: Table(
        "sea seas ocean* beach* underwater coral* seabed shore* lighthouse*",
        "wave waves fish fishes ship ships boat boats sail* whale* shark* dolphin* island* dive diving tide* harbo*",
    ),
    Setting.DESERT: Table(
        "desert deserts dune dunes sahara oasis oases",
        "sand sandy camel* cactus* cacti pyramid* drought* scorpion* nomad* pharaoh*",
    ),
    Setting.SPACE: Table(
        "space outer-space galax* planet planets astronaut* spacecraft spaceship* orbit* nebula* cosmos universe "
        "interstellar asteroid* telescope*",
        "moon moons star stars rocket* mars jupiter saturn venus comet* gravity alien* nasa solar black-hole*",
    ),
    Setting.STAGE: Table(
        "stage stages theater* theatre* concert* audience* spotlight* podium* opera",
        "perform* applause sing singing song songs band bands guitar* comedian* dance* dancing actor* music*",
    ),
}

LIGHTS: Mapping[Light, Table] = {
    Light.NIGHT: Table("night nights midnight moonlight nocturnal starlight"),
    Light.DUSK: Table("dusk sunset sunsets sunrise sunrises dawn twilight evening evenings"),
    Light.DAY: Table("daylight noon midday sunshine sunny morning mornings afternoon*"),
}

ACTIONS: Mapping[str, Table] = {
    "laughs and speaks lightly": Table("haha* lol funny hilarious joke jokes laugh* silly ridiculous"),
    "speaks gravely, with a lowered gaze": Table(
        "death dead died die dies dying war wars kill* tragic traged* terribl* disaster* grief suffer* victim* sad"
    ),
    "leans in and speaks in a hushed voice": Table("secret* mystery mysteri* whisper* ghost* creepy haunt*"),
    "explains, counting on the fingers": Table(
        "first firstly second secondly third percent million* billion* step steps"
    ),
    "points out a detail and explains it": Table("because therefore means explain* example* reason*"),
    "smiles and greets with a raised hand": Table("hello hi hey welcome thanks thank goodbye bye"),
}


def evidence(text: str, tables: Mapping[Meaning, Table]) -> dict[Meaning, int]:
    """How much each row of the tables is borne out by ``text``: the sum of the weights of its words, if above zero."""
    # Hyphenated entries stand for two words in a row.
    words = re.findall(r"[^\W_]+(?:['’][^\W_]+)?", text.casefold())
    words += [f"{first}-{second}" for first, second in pairwise(words)]
    weights = {
        meaning: STRONG_WEIGHT * _count(words, table.strong) + WEAK_WEIGHT * _count(words, table.weak)
        for meaning, table in tables.items()
    }
    return {meaning: weight for meaning, weight in weights.items() if weight}


def _count(words: Sequence[str], entries: str) -> int:
    whole, stems = _entries(entries)
    return sum(word in whole or word.startswith(stems) for word in words)


@cache
def _entries(entries: str) -> tuple[frozenset[str], tuple[str, ...]]:
    whole = frozenset(entry for entry in entries.split() if not entry.endswith("*"))
    return whole, tuple(entry[:-1] for entry in entries.split() if entry.endswith("*"))
