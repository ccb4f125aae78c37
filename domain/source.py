"""Where the words of a script come from, and whom to thank for them."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

UNDETERMINED = "und"
"""The language code (ISO 639-2) of a text whose language nobody has said."""


class SourceKind(StrEnum):
    YOUTUBE = "youtube"
    FILE = "file"
    """A transcript that its user has sent."""
    UPLOAD = "upload"
    """A recording, sound or video, that its user has uploaded."""


class Source(BaseModel):
    """What is known of a script's source. Empty words are unknown; ``rights`` is its user's own statement, ``licence``
    the name of a licence. ``duration_seconds`` is that of the recording, as far as its transcript tells."""

    model_config = ConfigDict(frozen=True)

    kind: SourceKind = SourceKind.YOUTUBE
    title: str = ""
    author: str = ""
    language: str = ""
    licence: str = ""
    rights: str = ""
    thumbnail_url: str | None = None
    duration_seconds: float | None = None
    times_are_estimated: bool = False

    def attribution(self, url: str | None) -> str:
        """One sentence for the description of a film that is published; ``url`` is where the source can be seen."""
        title = f"“{self.title}”" if self.title else "A recording"
        parts = [
            f"{title} by {self.author}" if self.author else title,
            *filter(None, (self.licence, url, self.rights)),
        ]
        return f"Based on {', '.join(parts)}".rstrip(".") + "."
