"""Every link that the sandbox's YouTube knows, with one sentence of what it does."""

from dataclasses import dataclass

from sandbox.youtube.faults import FAULTS
from sandbox.youtube.videos import library


@dataclass(frozen=True, slots=True)
class Link:
    """``code`` is the product's error code that an import ends with, or nothing when it succeeds; ``captions_code`` is
    that of its captions, which nobody need be able to read where somebody listens."""

    video_id: str
    sentence: str
    code: str = ""
    captions_code: str = ""

    @property
    def url(self) -> str:
        return f"https://www.youtube.com/watch?v={self.video_id}"


def links() -> tuple[Link, ...]:
    """The library from the shortest video to the longest, then the faults."""
    videos = sorted(library().values(), key=lambda video: video.length_seconds)
    return (
        *(Link(video.id, video.sentence) for video in videos),
        *(Link(fault.id, fault.sentence, fault.code, fault.captions_code or fault.code) for fault in FAULTS),
        Link(
            "unknown0001", "A video that does not exist, like every other id.", "VIDEO_UNAVAILABLE", "VIDEO_UNAVAILABLE"
        ),
    )
