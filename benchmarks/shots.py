"""A shot for benchmarks and tests that are not about what is seen in it."""

from domain.profile import Profile
from domain.shots import Camera, Light, Setting, Shot, ShotPrompt


def a_shot(seconds: float, profile: Profile) -> Shot:
    """Of which nothing but its length and its picture format matters."""
    prompt = ShotPrompt(
        text="",
        caption="",
        setting=Setting.SEA,
        light=Light.DAY,
        camera=Camera.STILL,
        style="",
        characters=(),
        speaker=None,
    )
    return Shot(
        provider="p",
        model="m",
        model_version="1",
        prompt=prompt,
        duration_seconds=seconds,
        ordered_seconds=seconds,
        profile=profile,
        cast=(),
    )
