"""Narrating: every line of a film in its character's voice, and placed in its scene."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import structlog

from domain.errors import ErrorCode, RecastError
from domain.fitting import USUAL, Fit, Picture, fit_spoken, pace_of, picture_for
from domain.narration import SceneOfLines, Turn, is_said, turns_of
from domain.speech import PlacedLine, SpokenLine
from domain.voices import SpokenBy
from resources.database import characters, events, providers, scenes, scripts
from resources.database.connection import Database
from resources.database.records import JobScene
from resources.language.client import LanguageModel
from resources.settings import Settings
from resources.storage import Storage
from resources.video.cameras import Cameras
from resources.voices.engines import Voices, ending
from resources.voices.protocol import UnspeakableError, VoiceEngine, VoiceProfile
from studio.concurrency import all_of, until_canceled
from studio.directing import direct_scenes
from studio.purchasing import Patience, Till
from studio.shots import profile_of
from studio.speaking import KeptSpeech, Speaker, SpeechOrder, find_kept, order_of
from studio.work import Work

log = structlog.get_logger(__name__)

BUSY_SECONDS = 300.0
SCENES_AT_ONCE = 8
MAX_IN_FLIGHT = 1000
OF_THE_LINE = frozenset({ErrorCode.CONTENT_REJECTED, ErrorCode.PROVIDER_INPUT_INVALID, ErrorCode.TOO_LARGE})
"""A line is refused for what it says: the others are spoken all the same, so that all that are refused are told at
once, and none is bought again when the script is put right."""


@dataclass(frozen=True, slots=True)
class NarratedScene:
    """What is said in a scene that was planned to last ``planned_seconds``, and how both are made to fit. ``engines``
    say it, and ``unspoken`` are lines that the engine cannot say, by id, each with the reason."""

    scene_index: int
    planned_seconds: float
    fit: Fit
    engines: frozenset[str]
    unspoken: tuple[tuple[int, str], ...] = ()

    @property
    def lines(self) -> tuple[PlacedLine, ...]:
        return self.fit.lines

    @property
    def characters(self) -> int:
        return sum(len(placed.line.text) for placed in self.lines)

    @property
    def end(self) -> float:
        """When the last word is said, in seconds from the scene's start."""
        return max((line.end for line in self.lines), default=0.0)


@dataclass(frozen=True, slots=True)
class Narration:
    """``bought`` and ``reused`` count different sounds; ``cost_usd`` is of this run, lost answers included."""

    scenes: tuple[NarratedScene, ...]
    bought: int
    reused: int
    cost_usd: Decimal
    request_ids: tuple[str, ...]

    @property
    def engines(self) -> Sequence[str]:
        return sorted({engine for scene in self.scenes for engine in scene.engines})

    @property
    def lines(self) -> int:
        return sum(len(scene.lines) for scene in self.scenes)

    @property
    def seconds(self) -> float:
        return sum(placed.line.seconds for scene in self.scenes for placed in scene.lines)

    @property
    def characters(self) -> int:
        return sum(scene.characters for scene in self.scenes)


@dataclass(frozen=True, slots=True)
class Narrator:
    """Who speaks. Each job opens the engine that it asks for, and closes it."""

    voices: Voices
    storage: Storage
    database: Database
    cameras: Cameras
    patience: Patience

    async def narrate(self, work: Work, *, director: LanguageModel | None = None) -> Narration | None:
        """None for a film without speech. Raises what `direct_scenes`, `narrate` and `Voices.open` raise."""
        chosen = self.voices.chosen(work.job.options.narration)
        if chosen is SpokenBy.OFF:
            return None

        def clip_seconds(row: JobScene) -> float:
            try:
                profile = profile_of(self.cameras, work.job.options, row)
                return profile.ordered_seconds(row.scene.duration)
            except RecastError:  # a model that is not on offer is the trouble of whoever films
                return row.scene.duration

        # Who has the picture speaks what nobody's name stands at; whichever stage comes first directs.
        await direct_scenes(work, director=director)
        return await narrate(
            work,
            open_engine=lambda: self.voices.open(chosen),
            storage=self.storage,
            database=self.database,
            patience=self.patience,
            clip_seconds=clip_seconds,
        )


def narrator(settings: Settings, database: Database, storage: Storage, cameras: Cameras) -> Narrator:
    """The one of the settings."""
    patience = Patience(
        settings.voice_timeout_seconds + BUSY_SECONDS, settings.unknown_absent_seconds, settings.unknown_sign_seconds
    )
    return Narrator(Voices(settings), storage, database, cameras, patience)


async def narrate(
    work: Work,
    *,
    open_engine: Callable[[], VoiceEngine],
    storage: Storage,
    database: Database,
    patience: Patience,
    clip_seconds: Callable[[JobScene], float] = lambda row: row.scene.duration,
) -> Narration:
    """Speak every line of the job's scenes, which are directed, and keep their places. What an earlier run has said
    stays as it is, whatever the settings are by now; the engine is opened for the rest, and closed.

    Lines and scenes are made to fit by the rules of `domain/fitting.py`, where ``clip_seconds`` is how much the clip of
    a scene will have to show; what is kept with a scene says how long it has to be. A line that the engine cannot say
    is left out, and told. Raises EMPTY_SCRIPT, BUDGET_EXCEEDED, JOB_CANCELED, and what the engine raises; what was
    spoken before a failure is not paid for again.
    """
    rows = await scenes.list_scenes(work.connection, work.job.id)
    script = await scripts.find_version(work.connection, work.job.script_id, work.job.script_version or 0)
    if script is None or not rows:
        raise RecastError(ErrorCode.EMPTY_SCRIPT, "The job has no scenes yet; run the stage 'scenes' first.")
    cast = await characters.list_job_cast(work.connection, work.job.id)
    told = [
        SceneOfLines(row.scene, row.line_ids, row.prompt.speaker if row.prompt else None, row.reading) for row in rows
    ]
    turns: defaultdict[int, list[Turn]] = defaultdict(list)
    for turn in turns_of(told, cast, script):
        turns[turn.scene_index].append(turn)
    earlier = await _said_earlier(storage, work, rows, turns, clip_seconds)
    left = [row for row in rows if row.scene_index not in earlier]
    reused = sum(len(scene.lines) for scene in earlier.values())
    if not left:
        return Narration(tuple(earlier.values()), 0, reused, Decimal(0), ())
    engine = open_engine()
    try:
        if limit := engine.profile.starts_per_minute:
            await providers.set_limits(
                work.connection, engine.profile.provider, in_flight=MAX_IN_FLIGHT, per_minute=limit
            )
        await _announce(work, engine.profile, [turn for row in left for turn in turns[row.scene_index]])
        speaker = Speaker(Till(work.job.user_id, work.job.id, work.connection, database, patience), engine, storage)
        session = _Session(work, speaker, script.language, turns, clip_seconds, done=reused)
        spoken = {scene.scene_index: scene for scene in await session.narrate(left)}
    finally:
        await engine.close()
    whole = {**earlier, **spoken}
    return Narration(
        scenes=tuple(whole[row.scene_index] for row in rows),
        bought=speaker.bought,
        reused=reused + speaker.reused,
        cost_usd=speaker.cost_usd,
        request_ids=tuple(speaker.request_ids),
    )


async def _said_earlier(
    storage: Storage,
    work: Work,
    rows: Sequence[JobScene],
    turns: Mapping[int, Sequence[Turn]],
    clip_seconds: Callable[[JobScene], float],
) -> dict[int, NarratedScene]:
    """Scenes that an earlier run has said all of, where every sound is still there."""

    async def one(row: JobScene) -> NarratedScene | None:
        if row.speech is None or row.film_seconds is None or not is_said(turns[row.scene_index], row.speech):
            return None
        kept = await all_of(*(find_kept(storage, work.job.user_id, placed.line.key) for placed in row.speech))
        sounds = [sound for sound in kept if sound]
        if len(sounds) < len(kept):
            return None
        return NarratedScene(
            scene_index=row.scene_index,
            planned_seconds=row.scene.duration,
            fit=Fit(
                seconds=row.film_seconds,
                pace=max((sound.order.pace for sound in sounds), default=1.0),
                picture=picture_for(row.film_seconds, clip_seconds(row)),
                lines=tuple(row.speech),
            ),
            engines=frozenset(sound.order.engine for sound in sounds),
        )

    at_once = asyncio.Semaphore(SCENES_AT_ONCE)

    async def in_turn(row: JobScene) -> NarratedScene | None:
        async with at_once:
            return await one(row)

    found = await all_of(*map(in_turn, rows))
    return {scene.scene_index: scene for scene in found if scene}


async def _announce(work: Work, profile: VoiceProfile, turns: Sequence[Turn]) -> None:
    await work.note(
        "narrating",
        f"{len(turns)} lines are spoken by {profile.model}",
        provider=profile.provider,
        model=profile.model,
        lines=len(turns),
        characters=sum(len(turn.text) for turn in turns),
    )
    if warning := ending(profile, datetime.now(UTC).date()):
        log.warning("the voice model ends soon", model=profile.model, cause=warning)
        await events.append_event(
            work.connection,
            work.job.id,
            work.job.user_id,
            "model_ends",
            stage=work.stage,
            audience="operator",
            message=warning,
        )


class _Unspoken(Exception):
    """A line that the engine cannot say."""


@dataclass(slots=True)
class _Session:
    """One film being narrated. ``done`` counts the lines that are spoken."""

    work: Work
    speaker: Speaker
    language: str
    turns: Mapping[int, Sequence[Turn]]
    clip_seconds: Callable[[JobScene], float]
    done: int = 0
    refused: list[tuple[Turn, RecastError]] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(map(len, self.turns.values()))

    async def narrate(self, rows: Sequence[JobScene]) -> Sequence[NarratedScene]:
        """Stops when the user asks for it, or a line fails for what is not its own fault."""
        at_once = asyncio.Semaphore(max(SCENES_AT_ONCE, self.speaker.engine.at_once))

        async def one(row: JobScene) -> NarratedScene:
            async with at_once:
                return await self._scene(row, self.turns[row.scene_index])

        try:
            narrated = await until_canceled(self.work, all_of(*map(one, rows)), on_cancel=self.speaker.till.cancel)
        finally:
            await self.speaker.stop()
        if self.refused:
            raise self._refusal()
        await self._tell_unspoken(narrated)
        return narrated

    async def _scene(self, row: JobScene, turns: Sequence[Turn]) -> NarratedScene:
        orders = [order_of(turn, self.speaker.engine, self.language) for turn in turns]
        said = await all_of(*(self._said(turn, order) for turn, order in zip(turns, orders, strict=True)))
        heard = [one for one in said if isinstance(one, KeptSpeech)]
        planned, clip = row.scene.duration, self.clip_seconds(row)
        pace = pace_of([one.seconds for one in heard], planned, clip)
        if pace > 1:
            heard = await all_of(*(self.speaker.hurry(one, pace) for one in heard))
        speakers = [turn for turn, one in zip(turns, said, strict=True) if isinstance(one, KeptSpeech)]
        lines = [
            SpokenLine(
                line_id=turn.line_id,
                character_id=turn.member.character_id if turn.member else None,
                text=turn.text,
                key=one.order.key,
                seconds=one.seconds,
                words=one.words,
                reading=turn.reading,
            )
            for turn, one in zip(speakers, heard, strict=True)
        ]
        starts = [turn.start for turn in speakers]
        made = fit_spoken(lines, starts, pace=pace, planned_seconds=planned, clip_seconds=clip)
        if (made.lines, made.seconds) != (row.speech, row.film_seconds):
            await scenes.save_speech(self.work.connection, row.id, made.lines, made.seconds)
            await self._tell_held(row, made.picture)
        unspoken = tuple(
            (turn.line_id, str(one)) for turn, one in zip(turns, said, strict=True) if isinstance(one, _Unspoken)
        )
        engines = frozenset(one.order.engine for one in heard)
        return NarratedScene(row.scene_index, planned, made, engines, unspoken)

    async def _said(self, turn: Turn, order: SpeechOrder) -> KeptSpeech | _Unspoken:
        """A line at its usual pace; lines with the same sound are one."""
        try:
            kept = await self.speaker.speak(order)
        except RecastError as error:
            if isinstance(error, UnspeakableError) or isinstance(error.__cause__, UnspeakableError):
                return _Unspoken(error.detail)
            if error.code in OF_THE_LINE:
                self.refused.append((turn, error))
                return _Unspoken(error.detail)
            raise RecastError(
                error.code, f"Scene {turn.scene_index}: {error.detail}", cause=error.cause, request_id=error.request_id
            ) from error
        if kept.is_silent:
            return _Unspoken(f"{order.engine} answered with silence.")
        self.done += 1
        done = self.done  # others go on meanwhile
        await self.work.progress(done / self.total)
        if order.key in self.speaker.made:
            await self._tell_spoken(turn, kept, done)
        return kept

    def _refusal(self) -> RecastError:
        turns = sorted((turn.scene_index, turn.line_id) for turn, _ in self.refused)
        numbers = list(dict.fromkeys(scene for scene, _ in turns))
        _, first = self.refused[0]
        detail = f"Scene{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}: {first.detail}"
        lines = ", ".join(str(line) for _, line in turns)
        cause = f"lines {lines}: {first.cause or first.detail}"
        return RecastError(first.code, detail, cause=cause, request_id=first.request_id)

    async def _tell_spoken(self, turn: Turn, kept: KeptSpeech, done: int) -> None:
        speaker = turn.member.name if turn.member else "the narrator"
        await self.work.note(
            "line_spoken",
            f"Line {turn.line_id} is spoken by {speaker}",
            scene_index=turn.scene_index,
            line=turn.line_id,
            character_id=str(turn.member.character_id) if turn.member else None,
            seconds=round(kept.seconds, 3),
            done=done,
            lines=self.total,
        )

    async def _tell_held(self, row: JobScene, picture: Picture) -> None:
        if picture.hold_seconds > USUAL.brief_hold_seconds:
            await self.work.note(
                "picture_held",
                f"Scene {row.scene_index} says more than its clip can show: for {picture.hold_seconds:.1f} s its last"
                " picture stands still. Shorten its lines, or part the scene",
                scene_index=row.scene_index,
                hold_seconds=round(picture.hold_seconds, 3),
            )

    async def _tell_unspoken(self, narrated: Sequence[NarratedScene]) -> None:
        unspoken = [(scene.scene_index, *one) for scene in narrated for one in scene.unspoken]
        if unspoken:
            reasons = "; ".join(sorted({reason for _, _, reason in unspoken}))
            await self.work.note(
                "lines_unspoken",
                f"{len(unspoken)} lines are not spoken: {reasons}",
                lines=[{"scene": scene, "line": line} for scene, line, _ in unspoken],
            )
