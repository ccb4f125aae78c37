"""Accepting: what a provider has sent is looked at before anything is built on it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from domain.errors import ErrorCode, RecastError
from domain.fitting import USUAL
from domain.shots import Shot
from resources.media import MediaFacts, decode_check, lost_seconds, probe

LOWEST_SIDE, HIGHEST_SIDE = 240, 4096
"""Pixels. What is smaller than both this and its profile is no film; what is larger is a mistake, or an attack."""
MOST_ASPECT = 8
"""No picture is so much wider than high, or higher than wide: pixels of a mad shape would be scaled to gigabytes."""
MOST_SECONDS = 300.0
"""Nobody sells clips of five minutes: a small file that claims to last for days would be read for days."""


async def accept(path: Path, shot: Shot, *, has_sound: bool = False) -> MediaFacts:
    """Check what came as the clip of ``shot`` for what no encode can mend; ``has_sound`` says that sound was paid for.

    Raises CLIP_REJECTED with the reasons.
    """
    return await asyncio.to_thread(_accept, path, shot, has_sound)


def _accept(path: Path, shot: Shot, has_sound: bool) -> MediaFacts:
    facts = probe(path)
    # The picture is decoded only once it is known to be of a bearable size.
    problems = [*_flaws_of_form(facts, shot, has_sound)] or [*_flaws_of_picture(path, facts, shot)]
    if problems:
        raise RecastError(ErrorCode.CLIP_REJECTED, f"The clip was rejected: {'; '.join(problems)}.", cause=path.name)
    return facts


def _flaws_of_form(facts: MediaFacts, shot: Shot, has_sound: bool) -> Iterator[str]:
    lowest = min(LOWEST_SIDE, shot.profile.width, shot.profile.height)
    if min(facts.width, facts.height) < lowest or max(facts.width, facts.height) > HIGHEST_SIDE:
        yield f"it is {facts.width}x{facts.height}"
    shape = facts.pixel_aspect * facts.width / facts.height
    if not 1 / MOST_ASPECT <= shape <= MOST_ASPECT:
        yield f"it is {float(shape):.2g} times as wide as high"
    if facts.duration > max(MOST_SECONDS, 2 * shot.ordered_seconds):
        yield f"it lasts {facts.duration:.0f} s, and {shot.ordered_seconds:.0f} s were ordered"
    elif facts.duration < shot.duration_seconds - USUAL.brief_hold_seconds:
        yield f"it lasts {facts.duration:.1f} s instead of {shot.duration_seconds:.1f} s"
    if has_sound and not facts.has_audio:
        yield "it has no sound"


def _flaws_of_picture(path: Path, facts: MediaFacts, shot: Shot) -> Iterator[str]:
    lost = lost_seconds(path)
    if facts.duration - lost < shot.duration_seconds - USUAL.brief_hold_seconds:
        yield f"its last {lost:.1f} s are missing"
        return
    picture = decode_check(path)
    if picture.black:
        yield "it is black"
    elif picture.frozen and shot.profile.frames(shot.duration_seconds) > 1:
        yield "its picture stands still"
