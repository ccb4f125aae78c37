"""Captioning: what is said in a film, as files beside it and as scripts that are burned into its scenes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from domain.caption_styles import CaptionStyle, row_columns
from domain.cues import Cue, cues_of, said_in, still_second
from domain.montage import seen_lines
from domain.profile import Profile
from domain.scenes import Scene
from domain.script import Script
from domain.speech import PlacedLine
from resources.captions.script import BurnedCaptions, UnreadableCue, write_script
from resources.captions.sidecars import write_srt, write_vtt
from resources.captions.typefaces import Typefaces, open_typefaces
from resources.database import scripts
from resources.database.records import CaptionFiles, JobScene
from resources.storage import SRT, VTT, Storage, captions_object_key
from studio.work import Work

MOST_LETTERS_TOLD = 8
UNKNOWN = "und"


@dataclass(frozen=True, slots=True)
class CaptionedScene:
    """A scene as it is in the film, where it lasts ``seconds``. ``speech`` is None where nobody has spoken it."""

    scene: Scene
    speech: Sequence[PlacedLine] | None
    seconds: float

    def cues(self, profile: Profile) -> tuple[Cue, ...]:
        """Its captions, with times from its start."""
        return cues_of(said_in(self.scene, self.speech), self.seconds, columns=row_columns(profile))


def captions_to_burn(
    scene: CaptionedScene, profile: Profile, style: CaptionStyle, typefaces: Typefaces, language: str
) -> BurnedCaptions:
    """What is burned into the clip of one scene. Equal arguments give an equal script, so that a clip with the same
    captions is the same clip."""
    return write_script(scene.cues(profile), profile, style, typefaces, language)


@dataclass(frozen=True, slots=True)
class FilmCaptions:
    """The captions of one film; ``fonts`` is a folder of fonts, before those of the installed packages. ``script`` is
    what the film was made of: where it leaves something out, what follows is said earlier than in the source."""

    profile: Profile
    style: CaptionStyle
    fonts: Path | None
    script: Script | None = None

    @property
    def language(self) -> str:
        return self.script.language if self.script else UNKNOWN

    def burned_in(self, row: JobScene) -> str | None:
        """What is burned into the picture of a scene; None where nothing is."""
        return self.of(row).script

    def of(self, row: JobScene) -> BurnedCaptions:
        return captions_to_burn(self.scene(row), self.profile, self.style, open_typefaces(self.fonts), self.language)

    def still_second(self, row: JobScene) -> float:
        """When the picture of a scene is seen without captions, if it ever is."""
        scene = self.scene(row)
        cues = () if self.style is CaptionStyle.NONE else scene.cues(self.profile)
        return still_second(cues, scene.seconds)

    def scene(self, row: JobScene) -> CaptionedScene:
        frames = self.profile.frames(row.film_seconds or row.scene.duration)
        scene = row.scene
        if self.script:
            (seen,) = seen_lines([scene.lines], self.script)
            scene = scene.model_copy(update={"lines": tuple(seen)})
        return CaptionedScene(scene, row.speech, frames / self.profile.frame_rate)


async def captions_of(work: Work, fonts: Path | None) -> FilmCaptions:
    """Those of the film of the job."""
    job = work.job
    script = await scripts.find_version(work.connection, job.script_id, job.script_version or 0)
    return FilmCaptions(job.options.profile, job.options.finish.captions, fonts, script)


async def tell_unreadable(work: Work, scene_index: int, unreadable: Sequence[UnreadableCue]) -> None:
    """Warn the user of captions that are not in the picture."""
    letters = sorted(set().union(*(cue.letters for cue in unreadable)))
    if not letters:
        return
    told = "".join(letters[:MOST_LETTERS_TOLD]) + ("…" if len(letters) > MOST_LETTERS_TOLD else "")
    await work.note(
        "captions_unreadable",
        f"Captions of scene {scene_index} are not in the picture, because no font here has these letters: {told}."
        " The caption files have them",
        scene_index=scene_index,
        captions=len(unreadable),
        letters="".join(letters),
    )


async def store_captions(
    storage: Storage, user_id: UUID, job_id: UUID, scenes: Sequence[CaptionedScene], profile: Profile, language: str
) -> CaptionFiles | None:
    """Keep the captions of a film of ``scenes``, which follow one another without a gap; None if nothing is said."""
    cues: list[Cue] = []
    start = 0.0
    for scene in scenes:
        cues += (cue.moved(start) for cue in scene.cues(profile))
        start += scene.seconds
    if not cues:
        return None

    async def keep(text: str, ending: str, content_type: str) -> str:
        body = text.encode()
        key = captions_object_key(user_id, job_id, hashlib.sha256(body).hexdigest(), ending)
        await storage.put_bytes(key, body, content_type)
        return key

    return CaptionFiles(
        language=language,
        srt_key=await keep(write_srt(cues, language), "srt", SRT),
        vtt_key=await keep(write_vtt(cues, language), "vtt", VTT),
    )
