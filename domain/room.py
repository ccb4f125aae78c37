"""Room: scenes that are long enough for what is said in them.

A scene lasts as long as its lines did in the source. Voices may need longer: the speaker of the source was quick, a
line was edited, or came with times in which nobody could have spoken it. What a little haste does not make good once it
is spoken (`domain/fitting.py`) is planned, so that the scene is filmed longer from the start. It goes by the scene's
own lines alone, so that an edit changes no scene but its own.
"""

from domain.fitting import USUAL
from domain.scenes import Scene
from domain.speech import GAP_SECONDS, is_speakable, likely_seconds


def with_room(scene: Scene, max_seconds: float) -> Scene:
    """``scene``, or if its speech is likely to last longer, spoken with gentle haste, the same that much longer, but at
    most ``max_seconds``; its ``end`` is then its start and length, and not a second of the source."""
    spoken = [likely_seconds(line.text) for line in scene.lines if is_speakable(line.text)]
    needed = sum(spoken) / USUAL.gentle_pace + GAP_SECONDS * max(0, len(spoken) - 1)
    if needed <= scene.duration:
        return scene
    seconds = max(scene.duration, min(max_seconds, needed))
    return scene.model_copy(update={"end": round(scene.start + seconds, 3)})
