"""The director: what each scene looks like. Plain rules, and the same film for the same script, cast, style and seed.

**One edit films one scene again.** A prompt is made from the scene's own words, speaker, start and chapter title, and
from the seed. What makes neighbours fit together (who speaks in turn, how the camera moves) is taken from the starts
and speakers of scenes, which an edit of words does not change; only the opening and the ending are known by their
places. Nothing is taken from a neighbour's words.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

from domain.characters import CastMember
from domain.errors import ErrorCode, RecastError
from domain.scenes import Scene
from domain.shots import Camera, Light, Setting, ShotPrompt
from domain.vocabulary import ACTIONS, LIGHTS, SETTINGS, STRONG_WEIGHT, WEAK_WEIGHT, evidence

TURN_SECONDS = 6.0
"""Where nobody is named, the cast take turns by the clock of the source: cutting a scene moves nobody else's turn."""

LEAVING_TITLED_WEIGHT = STRONG_WEIGHT
LEAVING_NEUTRAL_WEIGHT = 2 * WEAK_WEIGHT
"""How much more than for its chapter's setting a scene's words must speak for another one, for it to play there."""

MAX_QUOTE_LETTERS = 300
"""Video models ignore, or choke on, much longer prompts."""

NEUTRAL_SETTINGS = (Setting.STUDIO, Setting.HOME, Setting.LIBRARY, Setting.STAGE)
USUAL_LIGHTS = (Light.DAY, Light.DAY, Light.DUSK)
MIDDLE_CAMERAS = (Camera.STILL, Camera.PUSH_IN, Camera.PAN_LEFT, Camera.PAN_RIGHT, Camera.TILT_UP)
"""Between the opening and the ending. The pull-out is kept for the ending, so that viewers feel it coming."""

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
USUAL_ACTIONS = (
    "speaks calmly with small gestures",
    "speaks with a friendly nod",
    "talks, looking thoughtful",
    "tells the story with open hands",
)
NEGATIVE = "text, subtitles, captions, watermark, logo, blurry, flicker, deformed hands, extra limbs, distorted face"
NEGATIVE_ALONE = f"{NEGATIVE}, other people"
NEGATIVE_TOGETHER = f"{NEGATIVE}, third person, merged faces"

Choice = TypeVar("Choice")


def direct(scenes: Sequence[Scene], cast: Sequence[CastMember], *, style: str, seed: int) -> list[ShotPrompt]:
    """One prompt per scene, in order. ``style`` may be empty: then each shot has its speaker's own.

    Raises ``RecastError(EMPTY_CAST)`` when nobody is cast.
    """
    if not cast:
        raise RecastError(ErrorCode.EMPTY_CAST)
    parts = _parts(scenes, cast)
    prompts = []
    for place, (scene, camera) in enumerate(zip(scenes, _cameras(scenes, seed), strict=True)):
        speaker = _speaker(scene, cast, parts)
        # The opening introduces two of the cast; later, every second speaker or so has the picture alone.
        is_alone = place > 0 and _pick((True, False), seed, scene.start, "alone")
        listener = _listener(scene, speaker, cast, parts, is_alone)
        setting = _setting(scene, seed)
        light = _light(scene, setting, seed)
        look = style.strip() or speaker.style
        in_shot = [speaker, listener] if listener else [speaker]
        company = f"while {listener.name} listens" if listener else "alone in the picture"
        sentences = (
            f"{'Medium two-shot' if listener else 'Close medium shot'} of {' and '.join(m.name for m in in_shot)} "
            f"{SETTING_WORDS[setting]}.",
            f"{speaker.name} {_action(scene, seed)}, {company}, and says: “{_quote(scene.text)}”",
            f"{CAMERA_WORDS[camera]}.",
            f"{LIGHT_WORDS[light]}.",
            f"Style: {look}." if look else "",
        )
        prompts.append(
            ShotPrompt(
                text=" ".join(filter(None, sentences)),
                caption=scene.text,
                setting=setting,
                light=light,
                camera=camera,
                style=look,
                characters=tuple(member.character_id for member in in_shot),
                speaker=speaker.character_id,
                negative=NEGATIVE_TOGETHER if listener else NEGATIVE_ALONE,
                seed=_draw(seed, scene.start, scene.text),
            )
        )
    return prompts


def _parts(scenes: Sequence[Scene], cast: Sequence[CastMember]) -> dict[str, CastMember]:
    """Who plays each speaker named in the script: the member of that name, else those left over, in turn."""
    labels = list(dict.fromkeys(line.speaker for scene in scenes for line in scene.lines if line.speaker))
    parts = {label: member for label in labels for member in reversed(cast) if _is_called(member, label)}
    named = {member.character_id for member in parts.values()}
    free = [member for member in cast if member.character_id not in named] or list(cast)
    unnamed = [label for label in labels if label not in parts]
    return parts | {label: free[turn % len(free)] for turn, label in enumerate(unnamed)}


def _is_called(member: CastMember, label: str) -> bool:
    name, called = set(member.name.casefold().split()), set(label.casefold().split())
    return bool(name) and (name <= called or called <= name)


def _speaker(scene: Scene, cast: Sequence[CastMember], parts: Mapping[str, CastMember]) -> CastMember:
    """Who speaks longest in the scene; where the script names nobody, whoever's turn it is."""
    seconds: dict[str, float] = {}
    for line in scene.lines:
        if line.speaker:
            seconds[line.speaker] = seconds.get(line.speaker, 0) + line.end - line.start
    if seconds:
        return parts[max(seconds, key=seconds.__getitem__)]
    return cast[int(scene.start // TURN_SECONDS) % len(cast)]


def _listener(
    scene: Scene,
    speaker: CastMember,
    cast: Sequence[CastMember],
    parts: Mapping[str, CastMember],
    is_alone: bool,
) -> CastMember | None:
    """Who is in the shot with the speaker: who answers in the scene, or is called by name, or sits next; or nobody."""
    answering = [parts[line.speaker] for line in scene.lines if line.speaker]
    words = set(re.findall(r"\w+", scene.text.casefold()))
    called = [member for member in cast if set(member.name.casefold().split()) <= words]
    place = cast.index(speaker)
    company = answering + called + ([] if is_alone else [cast[(place + 1) % len(cast)]])
    return next((member for member in company if member.character_id != speaker.character_id), None)


def _cameras(scenes: Sequence[Scene], seed: int) -> list[Camera]:
    cameras = [Camera.PUSH_IN]
    for scene in scenes[1:-1]:
        camera = _pick(MIDDLE_CAMERAS, seed, scene.start, "camera")
        if cameras[-2:] == [camera, camera]:
            camera = MIDDLE_CAMERAS[(MIDDLE_CAMERAS.index(camera) + 1) % len(MIDDLE_CAMERAS)]
        cameras.append(camera)
    return [*cameras, Camera.PULL_OUT][: len(scenes)]


def _setting(scene: Scene, seed: int) -> Setting:
    """The chapter's setting, from its title alone, unless the scene's words speak strongly for another one."""
    titled, told = evidence(scene.title or "", SETTINGS), evidence(scene.text, SETTINGS)
    home = max(titled, key=titled.__getitem__) if titled else _pick(NEUTRAL_SETTINGS, seed, scene.title, "setting")
    away = max(told, key=told.__getitem__, default=home)
    needed = LEAVING_TITLED_WEIGHT if titled else LEAVING_NEUTRAL_WEIGHT
    return away if told.get(away, 0) - told.get(home, 0) >= needed else home


def _light(scene: Scene, setting: Setting, seed: int) -> Light:
    told = evidence(scene.text, LIGHTS) or evidence(scene.title or "", LIGHTS)
    if told:
        return max(told, key=told.__getitem__)
    if setting is Setting.SPACE:
        return Light.NIGHT
    return _pick(USUAL_LIGHTS, seed, scene.title, "light")


def _action(scene: Scene, seed: int) -> str:
    told = evidence(scene.text, ACTIONS)
    if told:
        return max(told, key=told.__getitem__)
    if scene.text.endswith(("?", "？", "؟")):
        return "asks with raised eyebrows"
    if scene.text.endswith(("!", "！")):
        return "speaks with excitement and broad gestures"
    return _pick(USUAL_ACTIONS, seed, scene.start, scene.text)


def _quote(text: str) -> str:
    plain = re.sub('["“”„«»]', "'", " ".join(text.split()))
    return plain if len(plain) <= MAX_QUOTE_LETTERS else plain[: MAX_QUOTE_LETTERS - 1].rstrip() + "…"


def _pick(choices: Sequence[Choice], *grounds: object) -> Choice:
    return choices[_draw(*grounds) % len(choices)]


def _draw(*grounds: object) -> int:
    """A number below 2**31 (providers take no larger seeds) that is the same for the same grounds on every machine."""
    return int.from_bytes(hashlib.sha256(repr(grounds).encode()).digest()[:4]) & 0x7FFF_FFFF
