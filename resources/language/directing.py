"""The question for directions: a film in outline, and the scenes to direct, as one JSON document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.characters import CastMember
from domain.direction import MAX_CONTINUITY_LETTERS, MAX_PICTURE_LETTERS, MAX_UNWANTED_LETTERS
from domain.prompts import look_of
from domain.scenes import Scene
from domain.shots import ShotPrompt
from resources.language.directions import FORM
from resources.language.question import TOKENS_OF_THOUGHT, Message, Question, filled, material, version_of

TEMPLATES = ("directing", "scenes", "direct_again")

OUTLINE_LETTERS = 8000
"""Shared out among the scenes of the film; a very long film needs more, for the least that tells scenes apart."""
MAX_OUTLINE_LINE_LETTERS = 80
MIN_OUTLINE_LINE_LETTERS = 16
MAX_SCENE_LETTERS = 1000
"""Nobody says more within one clip."""

TOKENS_PER_SCENE = 450


@dataclass(frozen=True, slots=True)
class Film:
    """What stays the same in all questions about one film. ``cast`` is by reference; ``named_speakers`` has the
    reference of whoever the script says speaks in a scene, by the scene's index."""

    scenes: Sequence[Scene]
    cast: Mapping[str, CastMember]
    named_speakers: Mapping[int, str]
    style: str


def template_version() -> str:
    return version_of(*TEMPLATES)


def ask(
    film: Film,
    wanted: Sequence[Scene],
    prompts: Mapping[int, ShotPrompt],
    *,
    neighbours: int,
    objections: Mapping[int, str] | None = None,
) -> Question:
    """The question for the directions of ``wanted``, with the scenes between them, ``neighbours`` more on either side,
    and what is decided about those (``prompts``, by index). With ``objections``, by index, it is asked a second time,
    and more room is given."""
    asked = {scene.index for scene in wanted}
    places = [place for place, scene in enumerate(film.scenes) if scene.index in asked]
    around = film.scenes[max(0, places[0] - neighbours) : places[-1] + 1 + neighbours]
    document = {
        "style": film.style,
        "cast": [
            {"id": reference, "name": member.name, "look": look_of(member)} for reference, member in film.cast.items()
        ],
        "outline": _outline(film),
        "neighbours": [_neighbour(film, scene, prompts) for scene in around if scene.index not in asked],
        "direct": [_scene(film, scene) for scene in wanted],
    }
    messages = [
        Message(
            "system",
            filled(
                "directing",
                picture_letters=MAX_PICTURE_LETTERS,
                continuity_letters=MAX_CONTINUITY_LETTERS,
                negative_letters=MAX_UNWANTED_LETTERS,
            ),
        ),
        Message("user", filled("scenes", document=material(document))),
    ]
    room = TOKENS_OF_THOUGHT + TOKENS_PER_SCENE * len(wanted)
    if objections:
        listed = "\n".join(f"- scene {index}: {reason}" for index, reason in sorted(objections.items()))
        messages.append(Message("user", filled("direct_again", objections=listed)))
        room *= 2
    return Question(tuple(messages), FORM, room)


def _outline(film: Film) -> list[str]:
    share = OUTLINE_LETTERS // len(film.scenes)
    letters = min(MAX_OUTLINE_LINE_LETTERS, max(MIN_OUTLINE_LINE_LETTERS, share))
    return [f"{scene.index} {cut(scene.text, letters)}" for scene in film.scenes]


def _scene(film: Film, scene: Scene) -> dict[str, Any]:
    return {
        "scene": scene.index,
        "seconds": round(scene.duration, 1),
        "chapter": cut(scene.title or "", MAX_OUTLINE_LINE_LETTERS),
        "speaker": film.named_speakers.get(scene.index),
        "text": cut(scene.text, MAX_SCENE_LETTERS),
    }


def _neighbour(film: Film, scene: Scene, prompts: Mapping[int, ShotPrompt]) -> dict[str, Any]:
    prompt = prompts.get(scene.index)
    if prompt is None:
        return _scene(film, scene)
    references = {member.character_id: reference for reference, member in film.cast.items()}
    return _scene(film, scene) | {
        "decided": {
            "characters": [references[one] for one in prompt.characters if one in references],
            "setting": prompt.setting,
            "light": prompt.light,
            "camera": prompt.camera,
        }
    }


def cut(text: str, letters: int) -> str:
    """One line of at most so many letters."""
    line = " ".join(text.split())
    return line if len(line) <= letters else f"{line[: letters - 1].rstrip()}…"
