"""Directing: the script becomes scenes, and each scene an instruction to the camera."""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from domain import montage
from domain.characters import CastMember
from domain.continuity import goes_on
from domain.direction import as_prompt, references
from domain.director import direct, named_speakers
from domain.errors import ErrorCode, RecastError
from domain.models import ModelProfile
from domain.prompts import take_seed
from domain.room import with_room
from domain.scenes import MAX_SCENE_SECONDS, MIN_SCENE_SECONDS, Scene
from domain.script import Script
from domain.shots import HEURISTICS, ShotPrompt
from domain.summary import Summary
from resources.database import characters, scenes, scripts
from resources.database.records import JobOptions, JobScene
from resources.language.client import LanguageModel
from resources.language.directing import Film, template_version
from resources.video.cameras import Cameras
from studio.batches import direct_batch
from studio.choosing import ChoosingReport, choose_lines
from studio.consulting import Bill, Call, Task, consultation
from studio.work import Work

BATCH_SCENES = 8
"""Scenes directed by one answer: few enough that an answer is not cut off, enough that they fit together."""


@dataclass(frozen=True, slots=True)
class DirectingReport:
    """How a job's scenes are directed, and what this run has paid for it.

    ``model`` and ``template`` are None when no language model is configured. ``directed`` counts all scenes of the job
    that a model has directed; ``fell_back`` are those that it should have, by index, each with the reason. ``reused``
    are kept from an earlier film of the same script. The bill is of this run alone.
    """

    model: str | None = None
    template: str | None = None
    bill: Bill = field(default_factory=Bill)
    directed: int = 0
    reused: int = 0
    fell_back: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a film is made of: the script, the lines of it that are kept, and who has chosen them."""

    script: Script
    summary: Summary
    choosing: ChoosingReport


async def plan_scenes(
    work: Work,
    cameras: Cameras,
    *,
    model: LanguageModel | None = None,
    report: Callable[[Plan], None] = lambda plan: None,
) -> Sequence[Scene]:
    """Split the job's script into scenes and lay them down. The same script gives the same plan: where it has to be
    shortened, the language model or the rules choose its lines, once. Raises EMPTY_SCRIPT and JOB_CANCELED."""
    version = work.job.script_version or 0
    script = await scripts.find_version(work.connection, work.job.script_id, version)
    if script is None:
        raise RecastError(ErrorCode.EMPTY_SCRIPT)
    options = work.job.options
    profile = cameras.profile(options.provider, options.model)
    choice, choosing = await choose_lines(work, version, script, model)
    plan = split(script, options, profile, choice.line_ids)
    await scenes.plan_scenes(work.connection, work.job.id, work.job.user_id, plan)
    report(Plan(script, summary_of(script, options, choice.line_ids), choosing))
    return plan


def split(script: Script, options: JobOptions, profile: ModelProfile, chosen: Collection[int] = ()) -> Sequence[Scene]:
    """The scenes of a film: of the lines that a target length leaves (those ``chosen``, or what the rules keep), none
    longer than its model can film, and none shorter than the least that its model sells, where a neighbour can take it
    in: of a scene of two seconds, filmed by a model that sells five, three would be paid for and thrown away. A scene
    that nobody could speak in its time is longer."""
    longest = min(MAX_SCENE_SECONDS, profile.max_seconds)
    shortest = min(longest, max(MIN_SCENE_SECONDS, profile.min_seconds))
    plan = montage.scenes_of(
        script,
        max_seconds=longest,
        min_seconds=shortest,
        target_seconds=options.target_seconds,
        chosen=frozenset(chosen),
    )
    wanted = plan[: options.max_scenes] if options.max_scenes else plan
    return [with_room(scene, longest) for scene in wanted]


def summary_of(script: Script, options: JobOptions, chosen: Collection[int] = ()) -> Summary:
    """The lines that are filmed: all that is not cut, unless a target length is set."""
    return montage.summary_of(script, options.target_seconds, frozenset(chosen))


async def direct_scenes(
    work: Work,
    *,
    director: LanguageModel | None = None,
    report: Callable[[DirectingReport], None] = lambda report: None,
) -> Sequence[JobScene]:
    """The scenes of the job, each with its prompt. Prompts that exist are kept: a user or a retake may own them.

    Without a ``director`` rules make the prompts. With one, the language model does, and the rules make those that it
    cannot; the prompt says so, and why. ``report`` hears how it went, also when directing ends with an error. Raises
    EMPTY_SCRIPT, EMPTY_CAST and JOB_CANCELED.
    """
    rows = await scenes.list_scenes(work.connection, work.job.id)
    if not rows:
        raise RecastError(ErrorCode.EMPTY_SCRIPT, "The job has no scenes yet; run the stage 'scenes' first.")
    desk = _Desk(work, rows, {row.scene_index: row.prompt for row in rows if row.prompt}, director)
    try:
        if desk.open_rows:
            await _direct(desk)
            rows = await scenes.list_scenes(work.connection, work.job.id)
    finally:
        report(desk.report())
    return rows


@dataclass(slots=True)
class _Desk:
    """Where the prompts of a job come together. ``prompts`` are the decided ones, by the scene's index."""

    work: Work
    rows: Sequence[JobScene]
    prompts: dict[int, ShotPrompt]
    director: LanguageModel | None
    calls: list[Call] = field(default_factory=list)
    reused: int = 0

    @property
    def open_rows(self) -> list[JobScene]:
        return [row for row in self.rows if row.scene_index not in self.prompts]

    async def decide(self, chosen: Mapping[int, ShotPrompt]) -> None:
        """Keep prompts, all of them or none."""
        async with self.work.connection.transaction():
            for place, row in enumerate(self.rows):
                if row.scene_index in chosen:
                    prompt = self._joined(place, chosen[row.scene_index])
                    await scenes.save_prompt(self.work.connection, row.id, prompt)
                    self.prompts[row.scene_index] = prompt

    def _joined(self, place: int, prompt: ShotPrompt) -> ShotPrompt:
        before = self.rows[place - 1] if place else None
        shown = self.prompts.get(before.scene_index) if before else None
        continues = goes_on((before.scene, shown) if before and shown else None, self.rows[place].scene, prompt)
        return prompt.model_copy(update={"continues": continues})

    def report(self) -> DirectingReport:
        return DirectingReport(
            model=self.director.model if self.director else None,
            template=template_version() if self.director else None,
            bill=Bill.of(self.calls),
            directed=sum(prompt.directed_by != HEURISTICS for prompt in self.prompts.values()),
            reused=self.reused,
            fell_back=tuple(
                (index, prompt.fell_back) for index, prompt in sorted(self.prompts.items()) if prompt.fell_back
            ),
        )


async def _direct(desk: _Desk) -> None:
    cast = await characters.list_job_cast(desk.work.connection, desk.work.job.id)
    if not cast:
        raise RecastError(ErrorCode.EMPTY_CAST)
    options = desk.work.job.options
    plan = [row.scene for row in desk.rows]
    script = await scripts.find_version(
        desk.work.connection, desk.work.job.script_id, desk.work.job.script_version or 0
    )
    ruled = direct(plan, cast, style=options.style, seed=options.seed, script=script)
    by_rules = {scene.index: prompt for scene, prompt in zip(plan, ruled, strict=True)}
    if desk.director:
        await _consult(desk, desk.director, cast, by_rules, script)
    else:
        await desk.decide({row.scene_index: by_rules[row.scene_index] for row in desk.open_rows})


async def _consult(
    desk: _Desk,
    director: LanguageModel,
    cast: Sequence[CastMember],
    by_rules: Mapping[int, ShotPrompt],
    script: Script | None,
) -> None:
    """Have the language model direct, and the rules what it does not. Each batch is kept before the next is asked for,
    so that a run that takes over asks for the rest alone."""
    work, options = desk.work, desk.work.job.options
    brief = _brief(director, cast, options.style, options.seed)
    await _reuse(desk, brief)
    if not desk.open_rows:
        return
    plan = [row.scene for row in desk.rows]
    people = references(cast)
    reference_of = {member.character_id: reference for reference, member in people.items()}
    named = {
        scene.index: reference_of[speaker.character_id]
        for scene, speaker in zip(plan, named_speakers(plan, cast, script), strict=True)
        if speaker
    }
    bookkeeping = {"template": template_version(), "brief": brief}
    film = Film(plan, people, named, options.style)
    async with consultation(work, director, Task.DIRECT, desk.calls) as model:
        waiting = [row.scene for row in desk.open_rows]
        for batch in (waiting[first : first + BATCH_SCENES] for first in range(0, len(waiting), BATCH_SCENES)):
            answered = await direct_batch(model, film, batch, desk.prompts)
            chosen: dict[int, ShotPrompt] = {}
            for scene in batch:
                if direction := answered.directions.get(scene.index):
                    prompt = as_prompt(
                        direction, scene, people, style=options.style, seed=options.seed, directed_by=director.model
                    )
                    chosen[scene.index] = prompt.model_copy(update=bookkeeping)
                else:
                    why = {"fell_back": answered.reasons[scene.index]}
                    chosen[scene.index] = by_rules[scene.index].model_copy(update=bookkeeping | why)
            await desk.decide(chosen)
    await _tell(desk)


async def _reuse(desk: _Desk, brief: str) -> None:
    """Keep what the model decided about the same scenes for an earlier film of the script. It would decide otherwise if
    it were asked again, and every scene would be filmed, and paid for, anew after an edit of one."""
    job = desk.work.job
    earlier = {
        _without_index(row.scene): row.prompt
        for row in await scenes.list_scenes_directed_before(
            desk.work.connection, job.id, job.user_id, job.script_id, brief
        )
    }
    kept = {
        row.scene_index: prompt.model_copy(update={"seed": take_seed(row.scene, job.options.seed)})
        for row in desk.open_rows
        if (prompt := earlier.get(_without_index(row.scene)))
    }
    await desk.decide(kept)
    desk.reused = len(kept)


def _without_index(scene: Scene) -> Scene:
    return scene.model_copy(update={"index": 0})


def _brief(director: LanguageModel, cast: Sequence[CastMember], style: str, seed: int) -> str:
    """A fingerprint of all but the scenes that decides what the model answers."""
    people = [(str(member.character_id), member.name, member.style, member.portrait_key) for member in cast]
    grounds = json.dumps([director.model, template_version(), style, seed, people])
    return hashlib.sha256(grounds.encode()).hexdigest()[:16]


async def _tell(desk: _Desk) -> None:
    """Tell the user who has directed, what it cost, and why some scenes were left to the rules."""
    report = desk.report()
    message = f"{report.model} directed {report.directed} of {len(desk.rows)} scenes for ${report.bill.cost_usd:.4f}"
    if report.reused:
        message += f"; {report.reused} are as in an earlier film"
    if report.fell_back:
        reasons = " ".join(dict.fromkeys(reason for _, reason in report.fell_back))
        message += f"; Recast's own rules directed {len(report.fell_back)}: {reasons}"
    await desk.work.note(
        "scenes_directed",
        message,
        model=report.model,
        template=report.template,
        directed=report.directed,
        reused=report.reused,
        cost_usd=str(report.bill.cost_usd),
        fell_back=[{"scene": index, "reason": reason} for index, reason in report.fell_back],
    )
