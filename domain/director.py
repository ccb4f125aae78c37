"""The director: what each scene looks like. Plain rules, and the same film for the same script, cast, style and seed.

**One edit films one scene again.** A prompt is made from the scene's own words, speaker, start and chapter title, and
from the seed. What makes neighbours fit together (who speaks in turn, how the camera moves) is taken from the starts
and speakers of scenes, which an edit of words does not change; only the opening and the ending are known by their
places. Nothing is taken from a neighbour's words.
"""

import re
from collections.abc import Mapping, Sequence

from domain.chance import draw, pick
from domain.characters import CastMember
from domain.errors import ErrorCode, RecastError
from domain.prompts import SETTING_WORDS, compose, details_of, quote
from domain.scenes import Scene
from domain.script import Script
from domain.shots import Camera, Light, Setting, ShotPrompt
from domain.vocabulary import ACTIONS, LIGHTS, SETTINGS, STRONG_WEIGHT, WEAK_WEIGHT, evidence

CAMERA_SECONDS = 3.0
"""The camera changes by the clock of the source too: five moves in turn, so that no scene of three to twelve seconds
moves as the one before."""
TURN_SECONDS = 6.0
"""Where nobody is named, the cast take turns by the clock of the source: cutting a scene moves nobody else's turn."""

LEAVING_TITLED_WEIGHT = STRONG_WEIGHT
LEAVING_NEUTRAL_WEIGHT = 2 * WEAK_WEIGHT
"""How much more than for its chapter's setting a scene's words must speak for another one, for it to play there."""

NEUTRAL_SETTINGS = (Setting.STUDIO, Setting.HOME, Setting.LIBRARY, Setting.STAGE)
USUAL_LIGHTS = (Light.DAY, Light.DAY, Light.DUSK)
MIDDLE_CAMERAS = (Camera.STILL, Camera.PUSH_IN, Camera.PAN_LEFT, Camera.PAN_RIGHT, Camera.TILT_UP)
"""Between the opening and the ending. The pull-out is kept for the ending, so that viewers feel it coming."""

USUAL_ACTIONS = (
    "speaks calmly with small gestures",
    "speaks with a friendly nod",
    "talks, looking thoughtful",
    "tells the story with open hands",
)


def direct(
    scenes: Sequence[Scene], cast: Sequence[CastMember], *, style: str, seed: int, script: Script | None = None
) -> list[ShotPrompt]:
    """One prompt per scene, in order. ``style`` may be empty: then each shot has its speaker's own. Without the
    ``script`` that they are of, the scenes count as all of it.

    Raises ``RecastError(EMPTY_CAST)`` when nobody is cast.
    """
    if not cast:
        raise RecastError(ErrorCode.EMPTY_CAST)
    parts = who_plays(scenes, cast, script)
    lines = script.imported if script else [line for scene in scenes for line in scene.lines]
    first, last = min((line.start for line in lines), default=0.0), max((line.end for line in lines), default=0.0)
    prompts = []
    for scene in scenes:
        is_opening = any(line.start <= first for line in scene.lines)
        is_ending = not is_opening and any(line.end >= last for line in scene.lines)
        camera = Camera.PUSH_IN if is_opening else Camera.PULL_OUT if is_ending else _camera(scene, seed)
        speaker = _speaker(scene, cast, parts)
        # The opening introduces two of the cast; later, every second speaker or so has the picture alone.
        is_alone = not is_opening and pick((True, False), seed, scene.start, "alone")
        listener = _listener(scene, speaker, cast, parts, is_alone)
        setting = _setting(scene, seed)
        light = _light(scene, setting, seed)
        in_shot = [speaker, listener] if listener else [speaker]
        company = f"while {listener.name} listens" if listener else "alone in the picture"
        seen = (
            f"{'Medium two-shot' if listener else 'Close medium shot'} of {' and '.join(m.name for m in in_shot)} "
            f"{SETTING_WORDS[setting]}. "
            f"{speaker.name} {_action(scene, seed)}, {company}, and says: “{quote(scene.text)}”"
        )
        prompts.append(
            compose(
                scene,
                seen,
                in_shot=in_shot,
                setting=setting,
                light=light,
                camera=camera,
                style=style,
                seed=seed,
                notes=details_of(scene, setting, seed),
            )
        )
    return prompts


def named_speakers(
    scenes: Sequence[Scene], cast: Sequence[CastMember], script: Script | None = None
) -> list[CastMember | None]:
    """Who speaks in each scene, as far as the script says it; None where anybody of the cast may."""
    parts = who_plays(scenes, cast, script)
    return [_named(scene, parts) for scene in scenes]


def who_plays(
    scenes: Sequence[Scene], cast: Sequence[CastMember], script: Script | None = None
) -> dict[str, CastMember]:
    """Who plays each speaker named in the script: whom the user has chosen, else the member of that name, else those
    left over, in turn.

    No edit gives anybody else's part away. Who is left over is told by the names that the import gave, so a name that
    is given later, be it that of a member who plays somebody already, moves nobody; and speakers whose lines are cut
    keep their turn.
    """
    spoken = [line.speaker for scene in scenes for line in scene.lines if line.speaker]
    labels = list(dict.fromkeys([*(script.speakers if script else ()), *spoken]))
    imported = [line.speaker for line in script.imported if line.speaker] if script else spoken
    # A new name stands at the place of the one that it replaces: so much of a speaker is left by a renaming.
    former = dict(zip(labels, dict.fromkeys(imported), strict=False))
    busy = {member.character_id for member in cast if member.speakers}
    heirs = {label: _namesake(name, cast) for label, name in former.items() if not _chosen(label, cast)}
    busy |= {member.character_id for member in heirs.values() if member}
    free = [member for member in cast if member.character_id not in busy] or list(cast)
    waiting = [label for label, heir in heirs.items() if heir is None]
    # Names that came by edits have a turn each, whether or not they take it: one may be changed later.
    turns = {label: turn for turn, label in enumerate([*waiting, *labels[len(former) :]])}
    return {
        label: _chosen(label, cast) or _namesake(label, cast) or heirs.get(label) or free[turns[label] % len(free)]
        for label in labels
    }


def _chosen(label: str, cast: Sequence[CastMember]) -> CastMember | None:
    return next((member for member in reversed(cast) if label in member.speakers), None)


def _namesake(label: str, cast: Sequence[CastMember]) -> CastMember | None:
    return next((member for member in cast if member.is_called(label)), None)


def _speaker(scene: Scene, cast: Sequence[CastMember], parts: Mapping[str, CastMember]) -> CastMember:
    """Who the script says speaks; where it names nobody, whoever's turn it is."""
    return _named(scene, parts) or cast[int(scene.start // TURN_SECONDS) % len(cast)]


def _named(scene: Scene, parts: Mapping[str, CastMember]) -> CastMember | None:
    """Of those whom the script names in a scene, the one who speaks longest."""
    seconds: dict[str, float] = {}
    for line in scene.lines:
        if line.speaker:
            seconds[line.speaker] = seconds.get(line.speaker, 0) + line.end - line.start
    return parts[max(seconds, key=seconds.__getitem__)] if seconds else None


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


def _camera(scene: Scene, seed: int) -> Camera:
    order = sorted(MIDDLE_CAMERAS, key=lambda camera: draw(seed, camera, "camera"))
    return order[int(scene.start // CAMERA_SECONDS) % len(order)]


def _setting(scene: Scene, seed: int) -> Setting:
    """The chapter's setting, from its title alone, unless the scene's words speak strongly for another one."""
    titled, told = evidence(scene.title or "", SETTINGS), evidence(scene.text, SETTINGS)
    home = max(titled, key=titled.__getitem__) if titled else pick(NEUTRAL_SETTINGS, seed, scene.title, "setting")
    away = max(told, key=told.__getitem__, default=home)
    needed = LEAVING_TITLED_WEIGHT if titled else LEAVING_NEUTRAL_WEIGHT
    return away if told.get(away, 0) - told.get(home, 0) >= needed else home


def _light(scene: Scene, setting: Setting, seed: int) -> Light:
    told = evidence(scene.text, LIGHTS) or evidence(scene.title or "", LIGHTS)
    if told:
        return max(told, key=told.__getitem__)
    if setting is Setting.SPACE:
        return Light.NIGHT
    return pick(USUAL_LIGHTS, seed, scene.title, "light")


def _action(scene: Scene, seed: int) -> str:
    told = evidence(scene.text, ACTIONS)
    if told:
        return max(told, key=told.__getitem__)
    if scene.text.endswith(("?", "？", "؟")):
        return "asks with raised eyebrows"
    if scene.text.endswith(("!", "！")):
        return "speaks with excitement and broad gestures"
    return pick(USUAL_ACTIONS, seed, scene.start, scene.text)
