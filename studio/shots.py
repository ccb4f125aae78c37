"""Shots: from a directed scene and a model's profile to what is asked of the camera."""

from collections.abc import Mapping
from uuid import UUID

from domain.characters import CastMember
from domain.models import ModelProfile
from domain.shots import Shot, ShotPrompt
from resources.database.records import JobOptions, JobScene
from resources.video.cameras import Cameras


def shot_of(
    profile: ModelProfile,
    options: JobOptions,
    prompt: ShotPrompt,
    seconds: float,
    cast: Mapping[UUID, CastMember],
) -> Shot:
    """The shot that ``profile`` films of a scene. Raises PROVIDER_INPUT_INVALID for a scene longer than it can."""
    return Shot(
        provider=profile.provider,
        model=profile.model,
        model_version=profile.version,
        prompt=prompt,
        duration_seconds=seconds,
        ordered_seconds=profile.ordered_seconds(seconds),
        profile=options.profile,
        cast=tuple(cast[character_id] for character_id in prompt.characters if character_id in cast),
    )


def profile_of(cameras: Cameras, options: JobOptions, row: JobScene) -> ModelProfile:
    """The model that films a scene: its own, where the user chose one for it, else its job's. Raises UNKNOWN_MODEL."""
    if row.provider:
        return cameras.profile(row.provider, row.model)
    return cameras.profile(options.provider, options.model)
