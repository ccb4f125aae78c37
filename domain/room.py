"""Room: scenes that are long enough for what is said in them.

A scene lasts as long as its lines did in the source. A line that was edited, or came with times in which nobody could
have spoken it, may need more than its scene can be stretched to once it is spoken (`domain/fitting.py`): such a scene
is filmed longer from the start. It goes by the scene's own lines alone, so that an edit changes no scene but its own.
"""

from domain.scenes import Scene
from domain.speech import GAP_SECONDS, estimated_seconds, is_speakable, likely_seconds


def with_room(scene: Scene, max_seconds: float) -> Scene:
    """``scene``, or if nobody could speak it in its time, the same as long as its speech is likely to last, but at most
    ``max_seconds``; its ``end`` is then its start and length, and not a second of the source."""
    spoken = [line.text for line in scene.lines if is_speakable(line.text)]
    if sum(estimated_seconds(text)[0] for text in spoken) <= scene.duration:
        return scene
    likely = sum(likely_seconds(text) + GAP_SECONDS for text in spoken)
    seconds = max(scene.duration, min(max_seconds, likely))
    return scene.model_copy(update={"end": round(scene.start + seconds, 3)})
