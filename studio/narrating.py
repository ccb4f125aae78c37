"""Narrating: every line of a film in its character's voice, and placed in its scene."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import structlog

from domain.errors import ErrorCode, RecastError
from domain.fitting import USUAL, Fit, Picture, fit_spoken, pace_of
from domain.narration import SceneOfLines, Turn, turns_of
from domain.script import Script
from domain.speech import PlacedLine, SpokenLine
from domain.words import TimedWord
from resources.database import characters, events, providers, scenes, scripts
from resources.database.connection import Database
from resources.database.records import JobScene
from resources.language.client import LanguageModel
from resources.scratch import scratch_folder
from resources.settings import Settings
from resources.storage import Storage, speech_object_key
from resources.video.cameras import Cameras
from resources.voices import sound
from resources.voices.engines import Voices, ending
from resources.voices.protocol import Speech, UnspeakableError, VoiceEngine, VoiceProfile
from studio.answers import Answer, AnswerGoods, buy_answer
from studio.directing import direct_scenes
from studio.purchasing import Patience, Till
from studio.shots import profile_of
from studio.speaking import KeptSpeech, SpeechOrder, SpeechRequest, find_kept, order_of, speech_goods, store
from studio.work import Work

log = structlog.get_logger(__name__)

CANCEL_CHECK_SECONDS = 1.0
BUSY_SECONDS = 300.0
SCENES_AT_ONCE = 8
MAX_IN_FLIGHT = 1000


@dataclass(frozen=True, slots=True)
class NarratedScene:
    """What is said in a scene that was planned to last ``planned_seconds``, and how both are made to fit. ``unspoken``
    are lines that the engine cannot say, by id, each with the reason."""

    scene_index: int
    planned_seconds: float
    fit: Fit
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

    profile: VoiceProfile
    scenes: tuple[NarratedScene, ...]
    bought: int
    reused: int
    cost_usd: Decimal
    request_ids: tuple[str, ...]

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
        engine = self.voices.open(work.job.options.narration)
        if engine is None:
            return None

        def clip_seconds(row: JobScene) -> float:
            try:
                profile = profile_of(self.cameras, work.job.options, row)
                return profile.ordered_seconds(row.scene.duration)
            except RecastError:  # a model that is not on offer is the trouble of whoever films
                return row.scene.duration

        try:
            # Who has the picture speaks what nobody's name stands at; whichever stage comes first directs.
            await direct_scenes(work, director=director)
            return await narrate(
                work,
                engine=engine,
                storage=self.storage,
                database=self.database,
                patience=self.patience,
                clip_seconds=clip_seconds,
            )
        finally:
            await engine.close()


def narrator(settings: Settings, database: Database, storage: Storage, cameras: Cameras) -> Narrator:
    """The one of the settings."""
    patience = Patience(
        settings.voice_timeout_seconds + BUSY_SECONDS, settings.unknown_absent_seconds, settings.unknown_sign_seconds
    )
    return Narrator(Voices(settings), storage, database, cameras, patience)


async def narrate(
    work: Work,
    *,
    engine: VoiceEngine,
    storage: Storage,
    database: Database,
    patience: Patience,
    clip_seconds: Callable[[JobScene], float] = lambda row: row.scene.duration,
) -> Narration:
    """Speak every line of the job's scenes, which are directed, and keep their places.

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
    told = [SceneOfLines(row.scene, row.line_ids, row.prompt.speaker if row.prompt else None) for row in rows]
    turns = turns_of(told, cast, script)
    if limit := engine.profile.starts_per_minute:
        await providers.set_limits(work.connection, engine.profile.provider, in_flight=MAX_IN_FLIGHT, per_minute=limit)
    await _announce(work, engine.profile, turns)
    with scratch_folder("speech") as folder:
        till = Till(work.job.user_id, work.job.id, work.connection, database, patience)
        session = _Session(work, till, engine, storage, script, folder, len(turns), clip_seconds)
        return await session.narrate(rows, turns)


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
    """One film being narrated."""

    work: Work
    till: Till
    engine: VoiceEngine
    storage: Storage
    script: Script
    folder: Path
    total: int
    clip_seconds: Callable[[JobScene], float]
    cost_usd: Decimal = Decimal(0)
    done: int = 0
    bought: int = 0
    reused: int = 0
    request_ids: list[str] = field(default_factory=list)
    made: set[str] = field(default_factory=set)
    """Keys of what this run has bought, or had made for nothing."""
    _sounds: dict[str, "asyncio.Task[KeptSpeech]"] = field(default_factory=dict)
    _gate: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._gate = asyncio.Semaphore(self.engine.at_once)

    async def narrate(self, rows: Sequence[JobScene], turns: Sequence[Turn]) -> Narration:
        """Every scene; stops when the user asks for it, or a line fails."""
        watch = asyncio.create_task(self._until_canceled())
        at_once = asyncio.Semaphore(max(SCENES_AT_ONCE, self.engine.at_once))

        async def one(row: JobScene) -> NarratedScene:
            async with at_once:
                return await self._scene(row, [turn for turn in turns if turn.scene_index == row.scene_index])

        tasks = [asyncio.create_task(one(row)) for row in rows]
        speaking = asyncio.gather(*tasks)
        try:
            either: set[asyncio.Future[Any]] = {watch, speaking}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not speaking.done():
                raise RecastError(ErrorCode.JOB_CANCELED)
            narrated = tuple(speaking.result())
        finally:
            watch.cancel()
            for task in (*tasks, *self._sounds.values()):
                task.cancel()
            # Those that have asked wait for their answers, which are worth money.
            await asyncio.gather(watch, speaking, *tasks, *self._sounds.values(), return_exceptions=True)
        await self._tell_unspoken(narrated)
        return Narration(
            self.engine.profile, narrated, self.bought, self.reused, self.cost_usd, tuple(self.request_ids)
        )

    async def _until_canceled(self) -> None:
        while not await self.work.is_canceled():
            await asyncio.sleep(CANCEL_CHECK_SECONDS)
        self.till.is_canceling = True

    async def _scene(self, row: JobScene, turns: Sequence[Turn]) -> NarratedScene:
        orders = [order_of(turn, self.engine, self.script.language) for turn in turns]
        said = await asyncio.gather(*(self._said(turn, order) for turn, order in zip(turns, orders, strict=True)))
        heard = [one for one in said if isinstance(one, KeptSpeech)]
        planned, clip = row.scene.duration, self.clip_seconds(row)
        pace = pace_of([one.seconds for one in heard], planned, clip)
        if pace > 1:
            heard = list(await asyncio.gather(*(self._paced(one, pace) for one in heard)))
        speakers = [turn for turn, one in zip(turns, said, strict=True) if isinstance(one, KeptSpeech)]
        lines = [
            SpokenLine(
                line_id=turn.line_id,
                character_id=turn.member.character_id if turn.member else None,
                text=turn.text,
                key=one.order.key,
                seconds=one.seconds,
                words=one.words,
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
        return NarratedScene(row.scene_index, planned, made, unspoken)

    async def _said(self, turn: Turn, order: SpeechOrder) -> KeptSpeech | _Unspoken:
        """A line at its usual pace; lines with the same sound are one."""
        try:
            kept = await self._sound(order)
        except RecastError as error:
            if isinstance(error, UnspeakableError) or isinstance(error.__cause__, UnspeakableError):
                return _Unspoken(error.detail)
            raise RecastError(
                error.code, f"Scene {turn.scene_index}: {error.detail}", cause=error.cause, request_id=error.request_id
            ) from error
        self.done += 1
        done = self.done  # others go on meanwhile
        await self.work.progress(done / self.total)
        if order.key in self.made:
            await self._tell_spoken(turn, kept, done)
        return kept

    async def _sound(self, order: SpeechOrder) -> KeptSpeech:
        return await self._once(order, lambda: self._speak(order))

    async def _once(self, order: SpeechOrder, make: Callable[[], Coroutine[Any, Any, KeptSpeech]]) -> KeptSpeech:
        """The same sound is made once, in one file, however many ask for it at the same time."""
        if order.key not in self._sounds:
            self._sounds[order.key] = asyncio.create_task(make())
        return await asyncio.shield(self._sounds[order.key])

    async def _paced(self, kept: KeptSpeech, pace: float) -> KeptSpeech:
        """The same line, faster: spoken so where that costs nothing, else what was bought is stretched."""
        order = kept.order.model_copy(update={"pace": pace})
        if self.engine.profile.paces:
            return await self._sound(order)
        return await self._once(order, lambda: self._stretch(kept, order, pace))

    async def _stretch(self, kept: KeptSpeech, order: SpeechOrder, pace: float) -> KeptSpeech:
        if ready := await find_kept(self.storage, self.till.user_id, order.key):
            return ready
        source, faster = (self.folder / f"{one.key}.flac" for one in (kept.order, order))
        await self.storage.download(speech_object_key(self.till.user_id, kept.order.key), source)
        try:
            seconds = await sound.stretch(source, faster, pace)
        except sound.NoSpeech as error:
            raise RecastError(ErrorCode.INTERNAL, cause=f"kept speech {kept.order.key}: {error}") from error
        words = tuple(TimedWord(word.text, word.start / pace, word.end / pace) for word in kept.words)
        stretched = kept.model_copy(update={"order": order, "seconds": seconds, "words": words, "cost_usd": Decimal(0)})
        await store(self.storage, self.till.user_id, faster, stretched)
        return stretched

    async def _speak(self, order: SpeechOrder) -> KeptSpeech:
        if len(order.text) > self.engine.profile.max_characters:
            raise UnspeakableError("The line is too long to be spoken.")
        _, most = self.engine.profile.estimate(order.text)

        def goods_of(take: int) -> AnswerGoods[KeptSpeech]:
            request = SpeechRequest(order=order, take=take, estimate_usd=most)
            return speech_goods(request, self.storage, self.till.user_id, lambda: self._ask(order))

        async with self._gate:
            bought = await buy_answer(self.till, goods_of)
        if not bought.is_new:
            self.reused += 1
            return bought.kept
        self.bought += 1
        self.made.add(order.key)
        self.cost_usd += bought.cost_usd
        if bought.kept.request_id:
            self.request_ids.append(bought.kept.request_id)
        return bought.kept

    async def _ask(self, order: SpeechOrder) -> Answer[KeptSpeech]:
        speech = await self.engine.speak(order.text, order.voice, pace=order.pace, into=self.folder)
        kept = self._kept(order, speech)
        return Answer(kept, lambda: store(self.storage, self.till.user_id, speech.path, kept))

    def _kept(self, order: SpeechOrder, speech: Speech) -> KeptSpeech:
        return KeptSpeech(
            order=order,
            seconds=speech.seconds,
            words=speech.words,
            request_id=speech.request_id,
            cost_usd=self.engine.profile.cost(order.text, speech.answered_seconds),
        )

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
