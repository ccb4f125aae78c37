"""The library: every video with its texts, loaded once from ``library/``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sandbox.youtube.captions import Caption, automatic_captions, manual_captions
from sandbox.youtube.screenplay import Paragraph, read_screenplay
from sandbox.youtube.timing import TAIL_SECONDS, Slot, time_slots

LIBRARY = Path(__file__).parent / "library"
LANGUAGE_NAMES = {"en": "English", "de": "German", "ja": "Japanese"}


@dataclass(frozen=True, slots=True)
class Track:
    language: str
    is_generated: bool
    captions: tuple[Caption, ...]

    @property
    def name(self) -> str:
        return LANGUAGE_NAMES[self.language] + (" (auto-generated)" if self.is_generated else "")


@dataclass(frozen=True, slots=True)
class Video:
    """``chapters`` are (start in seconds, title); the length is a whole number of seconds, as on YouTube.

    ``texts`` are the paragraphs by language, the spoken one first; each language has them in the same ``slots``.
    ``translations`` are what YouTube makes of a track in other languages; they are not listed as tracks. ``licence`` is
    empty for YouTube's own, which it does not show.
    """

    id: str
    title: str
    channel: str
    summary: str
    sentence: str
    length_seconds: int
    tracks: tuple[Track, ...]
    texts: Mapping[str, tuple[Paragraph, ...]]
    slots: tuple[Slot, ...]
    chapters: tuple[tuple[float, str], ...] = ()
    translations: tuple[Track, ...] = ()
    licence: str = ""

    @property
    def language(self) -> str:
        """The one that is spoken."""
        return next(iter(self.texts))

    @property
    def description(self) -> str:
        """The text under the video. YouTube makes chapters of its time stamps."""
        stamps = [f"{_clock(start)} {title}" for start, title in self.chapters]
        return "\n".join([self.summary, "", *stamps]).strip()

    def track(self, language: str, is_generated: bool) -> Track | None:
        matches = (track for track in self.tracks if (track.language, track.is_generated) == (language, is_generated))
        return next(matches, None)

    def translation(self, language: str) -> Track | None:
        matches = (track for track in self.translations if track.language == language)
        return self.track(language, False) or next(matches, None)


@cache
def library() -> Mapping[str, Video]:
    """Videos by id. A folder without texts is left out."""
    folders = sorted(path.parent for path in LIBRARY.glob("*/video.json"))
    videos = (_load(folder) for folder in folders if any(folder.glob("*.txt")))
    return {video.id: video for video in videos}


def _load(folder: Path) -> Video:
    facts = json.loads((folder / "video.json").read_text(encoding="utf-8"))
    main, *others = facts["languages"]
    whole = folder / f"{main}.txt"
    paragraphs = read_screenplay([whole] if whole.exists() else list(folder.glob("chapter_*.txt")))
    slots = time_slots(paragraphs)
    texts = {main: paragraphs} | {language: read_screenplay([folder / f"{language}.txt"]) for language in others}
    tracks = []
    if "manual" in facts["captions"]:
        tracks.append(Track(main, False, manual_captions(paragraphs, slots)))
        for language in others:
            tracks.append(Track(language, False, manual_captions(texts[language], slots)))
    if "automatic" in facts["captions"]:
        tracks.append(Track(main, True, automatic_captions(paragraphs, slots)))
    translations = [
        Track(language, True, manual_captions(read_screenplay([folder / f"{language}.txt"]), slots))
        for language in facts.get("translations", [])
    ]
    beginnings = [(slot.start, item.chapter) for item, slot in zip(paragraphs, slots, strict=True) if item.chapter]
    return Video(
        id=facts["id"],
        title=facts["title"],
        channel=facts["channel"],
        summary=facts["summary"],
        sentence=facts["sentence"],
        length_seconds=round(slots[-1].end + TAIL_SECONDS),
        tracks=tuple(tracks),
        texts=texts,
        slots=slots,
        chapters=tuple((start if number else 0.0, title) for number, (start, title) in enumerate(beginnings)),
        translations=tuple(translations),
        licence=facts.get("licence", ""),
    )


def _clock(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
