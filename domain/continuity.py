"""Continuity: which scenes go on where the scene before them ended."""

from domain.scenes import LONG_PAUSE_SECONDS, Scene
from domain.shots import ShotPrompt


def goes_on(before: tuple[Scene, ShotPrompt] | None, scene: Scene, prompt: ShotPrompt) -> bool:
    """Whether the last frame of the scene before may be the first one of this scene: the same chapter, place, light and
    people, and no pause in the source that viewers would feel as a cut."""
    if before is None:
        return False
    earlier, shown = before
    return (
        earlier.title == scene.title
        and abs(scene.start - earlier.end) < LONG_PAUSE_SECONDS
        and (shown.setting, shown.light) == (prompt.setting, prompt.light)
        and set(shown.characters) == set(prompt.characters)
    )
