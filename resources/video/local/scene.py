"""A scene: everything that one shot shows, drawn frame by frame."""

from collections.abc import Mapping
from uuid import UUID

import cv2

from domain.characters import CastMember
from domain.shots import Light, Shot
from resources.video.local import looks
from resources.video.local.actor import RISE, Actor, Puppet, Tint
from resources.video.local.backdrop import Backdrop
from resources.video.local.blocking import MOST, marks
from resources.video.local.card import Card
from resources.video.local.compositor import Frame
from resources.video.local.motion import TRAVEL, spoken_words, view

MARGIN = RISE + 20
"""Canvas units that entrance and breathing may add below the frame."""
TINTS: Mapping[Light, Tint] = {
    Light.DAY: (1.0, 1.0, 1.0),
    Light.DUSK: (1.0, 0.93, 0.88),
    Light.NIGHT: (0.86, 0.87, 0.97),
}
"""What the light of a scene does to the colours of the characters in it."""


class Scene:
    """``metadata`` tells what was left out of the picture, if anything."""

    def __init__(self, shot: Shot, portraits: Mapping[UUID, bytes]) -> None:
        cv2.setNumThreads(1)  # scenes run side by side; threads in a scene only cost
        prompt, profile = shot.prompt, shot.profile
        self._rate, self._frames, self._camera = (
            profile.frame_rate,
            profile.frames(shot.duration_seconds),
            prompt.camera,
        )
        duration = self._frames / self._rate
        self.metadata: dict[str, str] = {}
        words = spoken_words(prompt.caption, duration)
        self._backdrop = Backdrop(prompt.setting, prompt.light, prompt.seed, profile)
        shown = _shown(shot)
        speaker = next((n for n, member in enumerate(shown) if member.character_id == prompt.speaker), None)
        if len(shown) < len(prompt.characters):
            self.metadata["left_out"] = f"{len(prompt.characters) - len(shown)} characters found no place"
        self._actors: list[Actor] = []
        places = marks(len(shown), profile) if shown else []
        nearest = max(view(prompt.camera, 0).zoom, view(prompt.camera, 1).zoom)
        for number, (member, mark) in enumerate(zip(shown, places, strict=True)):
            own_words = words if number == speaker else []
            glance = 0.0
            if speaker is not None and number != speaker:
                glance = 0.9 if places[speaker].x > mark.x else -0.9
            slug = looks.slug_of(member.model_ref)
            if slug:
                self._actors.append(
                    Puppet(
                        slug,
                        mark,
                        words=own_words,
                        glance=glance,
                        zoom=nearest,
                        tint=TINTS[prompt.light],
                        seed=prompt.seed,
                        duration=duration,
                        reach=(profile.height * (1 + TRAVEL) - mark.y) / mark.unit + MARGIN,
                    )
                )
            else:
                picture = portraits.get(member.character_id)
                self._actors.append(Card(member.name, picture, mark, words=own_words, zoom=nearest, seed=prompt.seed))

    def draw(self, frame: Frame, number: int) -> None:
        """Draw frame ``number`` of the clip over whatever ``frame`` holds."""
        now = number / self._rate
        seen = view(self._camera, number / max(1, self._frames - 1))
        self._backdrop.draw_behind(frame, seen)
        for actor in self._actors:
            actor.draw(frame, now, seen)
        self._backdrop.draw_before(frame, seen)


def _shown(shot: Shot) -> list[CastMember]:
    """The characters of the scene in the order of the prompt, the speaker among them, at most ``MOST``."""
    by_id = {member.character_id: member for member in shot.cast}
    present = [by_id[character] for character in shot.prompt.characters if character in by_id]
    speaker = by_id.get(shot.prompt.speaker) if shot.prompt.speaker else None
    if speaker and speaker not in present[:MOST]:
        present = [speaker, *(member for member in present if member != speaker)]
    return present[:MOST]
