"""The words of a prompt: what a video model reads, whoever has directed the scene."""

import re
from collections.abc import Mapping, Sequence

from domain.chance import draw, pick
from domain.characters import CastMember
from domain.premade import PREMADE
from domain.scenes import Scene
from domain.shots import HEURISTICS, Camera, Light, Setting, ShotPrompt

MAX_QUOTE_LETTERS = 300
"""Video models ignore, or choke on, much longer prompts."""

BRACKETS = str.maketrans("[]<>{}", "()()()")
"""Models read these as references to pictures."""

SETTING_WORDS: Mapping[Setting, str] = {
    Setting.STUDIO: "in a quiet recording studio with soft acoustic panels and a desk",
    Setting.CITY: "on a lively city street with tall buildings behind",
    Setting.HOME: "in a cosy living room with a sofa, plants and a window",
    Setting.CLASSROOM: "in a bright classroom in front of a blackboard",
    Setting.LIBRARY: "in an old library between tall shelves of books",
    Setting.LABORATORY: "in a tidy laboratory with glassware and glowing screens",
    Setting.FOREST: "in a green forest among tall trees",
    Setting.MOUNTAIN: "on a mountain ridge with snowy peaks behind",
    Setting.SEA: "on a sandy shore with the open sea behind",
    Setting.DESERT: "in a wide desert of rolling dunes",
    Setting.SPACE: "aboard a spacecraft with planets and stars outside the window",
    Setting.STAGE: "on a theatre stage in front of a red curtain",
}
SET_DETAILS: Mapping[Setting, Sequence[str]] = {
    Setting.STUDIO: (
        "a walnut desk, a brass lamp, dark green acoustic panels",
        "a white desk, a boom microphone, slate blue acoustic panels",
        "a glass desk, a standing plant, terracotta acoustic panels",
    ),
    Setting.CITY: (
        "red brick fronts, a yellow awning, wet cobblestones",
        "glass fronts, a row of young plane trees, pale paving",
        "cream stone fronts, iron balconies, a green newspaper stand",
    ),
    Setting.HOME: (
        "an olive sofa, a fern, a round window with linen curtains",
        "a mustard sofa, a fiddle-leaf fig, a tall window with blinds",
        "a navy sofa, trailing ivy, a bay window with a cushioned bench",
    ),
    Setting.CLASSROOM: (
        "a green blackboard, birch desks, a globe on the shelf",
        "a black blackboard, oak desks, a wall map of the world",
        "a green blackboard, white desks, paper stars on a string",
    ),
    Setting.LIBRARY: (
        "mahogany shelves, a rolling ladder, green reading lamps",
        "pale oak shelves, a spiral stair, brass reading lamps",
        "walnut shelves, a worn red carpet, a tall clock",
    ),
    Setting.LABORATORY: (
        "a white bench, blue flasks, a wall of cyan screens",
        "a steel bench, amber flasks, one wide green screen",
        "a grey bench, clear flasks, a microscope under a ring light",
    ),
    Setting.FOREST: (
        "mossy beech trunks, ferns, a fallen log",
        "slim birch trunks, bracken, a narrow stream",
        "old pine trunks, blueberry bushes, a flat grey rock",
    ),
    Setting.MOUNTAIN: (
        "grey slate, a cairn of stones, three peaks",
        "red granite, a wooden signpost, one steep peak",
        "pale limestone, patches of snow, a long jagged ridge",
    ),
    Setting.SEA: (
        "golden sand, a stranded rowing boat, low waves",
        "white sand, a striped windbreak, a far lighthouse",
        "grey shingle, a wooden groyne, white breakers",
    ),
    Setting.DESERT: (
        "orange dunes, a dry acacia, a far caravan",
        "pale dunes, a sandstone arch, a clear horizon",
        "red dunes, a ring of black stones, a hazy horizon",
    ),
    Setting.SPACE: (
        "white wall panels, an oval window, a ringed planet outside",
        "dark wall panels, a wide window, a blue planet outside",
        "padded cream walls, a round window, a violet nebula outside",
    ),
    Setting.STAGE: (
        "dark floorboards, a gold fringe, one spotlight from the left",
        "pale floorboards, tasselled ropes, two crossing spotlights",
        "a black floor, deep velvet folds, footlights along the edge",
    ),
}
"""What tells one studio from another: chosen once for a chapter, so that its scenes play in the same one."""

LIGHT_WORDS: Mapping[Light, str] = {
    Light.DAY: "Soft, bright daylight",
    Light.DUSK: "Warm, low light of dusk",
    Light.NIGHT: "Cool night light with gentle highlights",
}
CAMERA_WORDS: Mapping[Camera, str] = {
    Camera.STILL: "The camera holds still at eye level",
    Camera.PUSH_IN: "The camera slowly pushes in",
    Camera.PULL_OUT: "The camera slowly pulls out to a wide shot",
    Camera.PAN_LEFT: "The camera pans gently to the left",
    Camera.PAN_RIGHT: "The camera pans gently to the right",
    Camera.TILT_UP: "The camera tilts up from the hands to the face",
}
NEGATIVE = "text, subtitles, captions, watermark, logo, blurry, flicker, deformed hands, extra limbs, distorted face"
NEGATIVE_ALONE = f"{NEGATIVE}, other people"
NEGATIVE_TOGETHER = f"{NEGATIVE}, third person, merged faces"

LOOKS: Mapping[object, str] = {character.character_id: character.look for character in PREMADE}


def compose(
    scene: Scene,
    seen: str,
    *,
    in_shot: Sequence[CastMember],
    setting: Setting,
    light: Light,
    camera: Camera,
    style: str,
    seed: int,
    directed_by: str = HEURISTICS,
    notes: str = "",
    unwanted: str = "",
) -> ShotPrompt:
    """The prompt of a scene. ``seen`` says who does and says what where; the first ``in_shot`` is the speaker.

    ``seed`` is the film's. ``notes`` are added to the looks of those in the shot as what has to stay the same, and
    ``unwanted`` to what no picture may show.
    """
    look = style.strip() or in_shot[0].style
    sentences = (seen, f"{CAMERA_WORDS[camera]}.", f"{LIGHT_WORDS[light]}.", f"Style: {look}." if look else "")
    negative = NEGATIVE_TOGETHER if len(in_shot) > 1 else NEGATIVE_ALONE
    return ShotPrompt(
        text=" ".join(filter(None, sentences)),
        caption=scene.text,
        setting=setting,
        light=light,
        camera=camera,
        style=look,
        characters=tuple(member.character_id for member in in_shot),
        speaker=in_shot[0].character_id,
        negative=f"{negative}, {unwanted}" if unwanted else negative,
        seed=take_seed(scene, seed),
        continuity=" ".join(filter(None, (*(look_of(member) for member in in_shot), notes))),
        directed_by=directed_by,
    )


def take_seed(scene: Scene, seed: int) -> int:
    """The seed of a scene's first take, in a film with ``seed``."""
    return draw(seed, scene.start, scene.text)


def plain(text: str) -> str:
    """One line, without the quotation marks between which a prompt says what is spoken."""
    return re.sub('["“”„«»]', "'", " ".join(text.split()))


def quote(text: str) -> str:
    """What is said, short enough for a prompt, without marks that would end its quotation or point at a picture."""
    said = plain(text).translate(BRACKETS)
    return said if len(said) <= MAX_QUOTE_LETTERS else said[: MAX_QUOTE_LETTERS - 1].rstrip() + "…"


def details_of(scene: Scene, setting: Setting, seed: int) -> str:
    """What the place of a scene looks like in all scenes of its chapter that play there."""
    return f"The place: {pick(SET_DETAILS[setting], seed, scene.title, setting, 'details')}."


def look_of(member: CastMember) -> str:
    """What a character looks like and wears, in every scene of every film."""
    if look := LOOKS.get(member.character_id):
        return f"{member.name}: {look}"
    if member.portrait_key:
        return f"{member.name} has the face, the hair and the clothes of the reference picture."
    return f"{member.name} has the same face, hair and clothes in every scene."
