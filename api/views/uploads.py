"""Files of a user's own, and what they say about them."""

from datetime import datetime
from pathlib import PurePath
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from api.views.characters import ONE_LINE
from api.views.examples import LATER, UPLOAD, example
from api.views.view import View
from domain.reading import Reading
from domain.source import UNDETERMINED, Source
from domain.transcript_files.bounds import storable
from studio.uploading import NewRecording

MAX_NAME_LETTERS = 255
LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"
CONTENT_TYPE = r"^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,99}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,99}$"

Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=ONE_LINE)]
Statement = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=ONE_LINE)]
FileName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NAME_LETTERS, pattern=ONE_LINE)
]

KEEP_FILLERS = "Keep sounds of thinking, such as “um”, where they stand alone."
KEEP_SOUND_TAGS = "Keep what is said of sounds: [Music], (applause)."

SAID = {
    "title": "Comets, explained",
    "author": "Night Sky",
    "language": "en",
    "licence": "CC BY 4.0",
    "rights": "This is a recording of mine.",
}


class SourceForm(View):
    """What you know about a file's source. It is kept with the script, for whoever publishes the film."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example(SAID))

    title: Words = Field("", description="Of the script; the file's own, or its name, unless told.")
    author: Words = Field("", description="Whose words these are.")
    language: str = Field(
        UNDETERMINED,
        pattern=LANGUAGE,
        max_length=35,
        description="A language code such as `en` or `pt-BR`; `und` where the file says it, or nobody. It helps to read"
        " a file that is not in UTF-8.",
    )
    licence: Words = Field("", description="The name of a licence.")
    rights: Statement = Field("", description="Your own statement that you may use this.")
    keep_fillers: bool = Field(default=False, strict=True, description=KEEP_FILLERS)
    keep_sound_tags: bool = Field(default=False, strict=True, description=KEEP_SOUND_TAGS)

    @property
    def reading(self) -> Reading:
        return Reading(keep_fillers=self.keep_fillers, keep_sound_tags=self.keep_sound_tags)

    def as_source(self) -> Source:
        return Source(
            title=self.title,
            author=self.author,
            language="" if self.language.lower() == UNDETERMINED else self.language,
            licence=self.licence,
            rights=self.rights,
        )


class TranscriptForm(SourceForm):
    """As the fields of a form, where everything is text."""

    keep_fillers: bool = Field(default=False, description=KEEP_FILLERS)
    keep_sound_tags: bool = Field(default=False, description=KEEP_SOUND_TAGS)


class UploadRequest(View):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=example({"filename": "talk.mp4", "size_bytes": 73400320, "content_type": "video/mp4"}),
    )

    filename: FileName
    size_bytes: int = Field(gt=0, strict=True, description="Exactly: the storage takes no more and no less.")
    content_type: str = Field(pattern=CONTENT_TYPE, description="As the file will be sent; what is in it decides.")
    sha256: str | None = Field(
        None, pattern=r"^[0-9a-f]{64}$", description="In hexadecimal; the file that arrives is compared with it."
    )

    def as_new_recording(self) -> NewRecording:
        return NewRecording(self.filename, self.content_type, self.size_bytes, self.sha256)


class UploadView(View):
    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "id": UPLOAD,
                "method": "PUT",
                "url": f"https://recast.s3.us-east-1.amazonaws.com/users/…/uploads/{UPLOAD}/source?X-Amz-Signature=…",
                "headers": {"Content-Type": "video/mp4", "Content-Length": "73400320"},
                "expires_at": LATER,
            }
        )
    )

    id: UUID
    method: str = Field(description="How to send the file.")
    url: str = Field(description="Where to send it, without a token.")
    headers: dict[str, str] = Field(description="To be sent as they are; a browser sets the length by itself.")
    expires_at: datetime


def file_name(sent: str | None) -> str:
    """The name of a form's file, without folders and what cannot be kept."""
    name = PurePath(storable(sent or "").replace("\\", "/")).name
    return " ".join("".join(one for one in name if one.isprintable()).split())[-MAX_NAME_LETTERS:] or "transcript"
