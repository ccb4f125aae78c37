"""Directing with a language model, batch by batch: each answer checked, and mended once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.direction import Direction, Objection, objection
from domain.scenes import Scene
from domain.shots import ShotPrompt
from resources.language.directing import Film, ask
from resources.language.directions import read_directions
from resources.language.question import UNREADABLE
from studio.consulting import Consultation

NEIGHBOURS = 2


@dataclass(frozen=True, slots=True)
class Directed:
    """What became of a batch: directions to which there is no objection, and for every other scene the reason, a
    sentence for users; both by the scene's index."""

    directions: Mapping[int, Direction]
    reasons: Mapping[int, str]


async def direct_batch(
    consultation: Consultation, film: Film, batch: Sequence[Scene], prompts: Mapping[int, ShotPrompt]
) -> Directed:
    """The directions of a batch, asked for once, and once more where there is an objection. ``prompts`` are those that
    are decided. Raises JOB_CANCELED."""
    found, reasons = await _round(consultation, film, batch, prompts, None)
    wrong = [scene for scene in batch if scene.index in reasons]
    if wrong and not consultation.ended:
        repaired, reasons = await _round(consultation, film, wrong, prompts, reasons)
        found |= repaired
    return Directed(found, reasons)


async def _round(
    consultation: Consultation,
    film: Film,
    batch: Sequence[Scene],
    prompts: Mapping[int, ShotPrompt],
    objections: Mapping[int, str] | None,
) -> tuple[dict[int, Direction], dict[int, str]]:
    reply = await consultation.ask(ask(film, batch, prompts, neighbours=NEIGHBOURS, objections=objections))
    if reply is None:
        # A question that could not be asked again leaves the first answer's fault as the reason.
        ended = consultation.ended or Objection.MISSING
        return {}, {scene.index: (objections or {}).get(scene.index) or ended for scene in batch}
    read = None if reply.problem else read_directions(reply.content)
    if read is None:
        return {}, {scene.index: reply.problem or UNREADABLE for scene in batch}
    found: dict[int, Direction] = {}
    reasons: dict[int, str] = {}
    for scene in batch:
        direction, faults = read[0].get(scene.index), read[1]
        if direction is None:
            reasons[scene.index] = faults.get(scene.index, Objection.MISSING)
        elif reason := _objection(film, scene, direction):
            reasons[scene.index] = reason
        else:
            found[scene.index] = direction
    return found, reasons


def _objection(film: Film, scene: Scene, direction: Direction) -> Objection | None:
    named = film.named_speakers.get(scene.index)
    return objection(direction, film.cast, film.cast[named] if named else None)
