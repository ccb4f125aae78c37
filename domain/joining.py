"""What of a film is copied from its clips, and what is encoded anew because one scene gives way to the next there.

A film is as long with transitions as without: a transition lies half in the scene that ends and half in the one that
begins, and where both are seen, the one that is not yet or no longer playing stands still. So speech, captions and
chapters keep their places whatever transition is chosen.
"""

import hashlib
import json
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from domain.finish import Transition, TransitionKind
from domain.profile import Profile
from domain.scenes import Scene
from domain.words import words_of

MOST_TITLE_LETTERS = 50
SPAN_VERSION = 2
"""Raised whenever the same transition would be encoded differently."""


class Stretch(NamedTuple):
    """The frames from ``first`` up to ``end`` of the clip of ``scene`` (from 0), copied. ``first`` is a keyframe."""

    scene: int
    first: int
    end: int

    @property
    def frames(self) -> int:
        return self.end - self.first


class Span(NamedTuple):
    """The transition from the scene before to ``scene`` (from 0): the last ``half`` frames of the one and the first
    ``until`` of the other, of which ``half`` belong to the transition and the rest leads up to a keyframe."""

    scene: int
    half: int
    until: int

    @property
    def frames(self) -> int:
        return self.half + self.until


class ClipFrames(NamedTuple):
    """How many frames a clip has, and which of them are keyframes; the first always is."""

    length: int
    keyframes: Sequence[int]


class ChapterMark(NamedTuple):
    """A chapter of the film, in frames."""

    title: str
    first: int
    end: int


def pieces(clips: Sequence[ClipFrames], transition: Transition, frame_rate: int) -> list[Stretch | Span]:
    """What the picture of a film is made of, in order. A transition takes at most half of either scene."""
    wanted = round(transition.seconds * frame_rate / 2) if transition.kind is not TransitionKind.CUT else 0
    halves = [0, *(min(wanted, a.length // 2, b.length // 2) for a, b in pairwise(clips)), 0]
    made: list[Stretch | Span] = []
    for scene, clip in enumerate(clips):
        end = clip.length - halves[scene + 1]
        first = 0
        if half := halves[scene]:
            # A copied stretch can end anywhere, since no frame looks ahead, but begins with a keyframe.
            following = bisect_left(clip.keyframes, half)
            first = min(clip.keyframes[following] if following < len(clip.keyframes) else end, end)
            made.append(Span(scene, half, first))
        if first < end:
            made.append(Stretch(scene, first, end))
    return made


def span_key(span: Span, transition: Transition, profile: Profile, before: tuple[str, int], after: str) -> str:
    """SHA-256 over all that decides how a span looks. ``before`` is the identity of the earlier clip and the number of
    its frames, ``after`` the identity of the later one."""
    written = [SPAN_VERSION, transition.kind, span.half, span.until, profile.model_dump(), *before, after]
    return hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest()


def chapter_title(scene: Scene) -> str:
    """The title of the chapter of the source that a scene belongs to; where the source has none, the scene's first
    words."""
    if scene.title:
        return scene.title
    title = ""
    for word in words_of(scene.text):
        if len(title) + len(word.rstrip()) > MOST_TITLE_LETTERS:
            return f"{title.rstrip(' ,;:')}…" if title else f"{word[:MOST_TITLE_LETTERS]}…"
        title += word
    return title.strip() or f"Scene {scene.index}"


def chapters(titles: Sequence[str], frames: Sequence[int]) -> list[ChapterMark]:
    """Scenes that follow one another under the same title are one chapter. A scene without a title belongs to the
    chapter before it, or to the first one, since a film has no time outside its chapters."""
    marks: list[ChapterMark] = []
    end = 0
    for title, count in zip(titles, frames, strict=True):
        end += count
        if marks and (not title or title == marks[-1].title):
            marks[-1] = marks[-1]._replace(end=end)
        elif title:
            marks.append(ChapterMark(title, marks[-1].end if marks else 0, end))
    return marks
