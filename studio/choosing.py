"""Choosing lines: of a script that is longer than its film a language model keeps some, where one is configured, and
Recast's own rules do where it does not."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from domain.choosing import (
    Candidate,
    Passage,
    candidates_of,
    chosen_ids,
    has_to_choose,
    objection,
    still_tells,
)
from domain.script import Script
from domain.shots import HEURISTICS
from resources.database import choices, scenes
from resources.database.connection import Connection
from resources.database.records import JobOptions
from resources.language.choosing import ask, read, template_version
from resources.language.client import LanguageModel
from resources.language.question import UNREADABLE
from studio.consulting import Bill, Call, Consultation, Task, consultation
from studio.work import Work

TRIES = 2


@dataclass(frozen=True, slots=True)
class Choice:
    """Which imported lines a film keeps, by id; none, where Recast's own rules choose. ``is_open`` while a language
    model has still to be asked."""

    line_ids: tuple[int, ...] = ()
    chosen_by: str = HEURISTICS
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class ChoosingReport:
    """Who has chosen the lines of a film. ``template`` is set when a model was asked; ``fell_back`` is why the rules
    have chosen although one was to. The bill is of this run alone."""

    chosen_by: str = HEURISTICS
    template: str | None = None
    fell_back: str | None = None
    bill: Bill = field(default_factory=Bill)


async def find_choice(
    connection: Connection, script_id: UUID, version: int, script: Script, options: JobOptions, *, has_model: bool
) -> Choice:
    """The choice that holds for a film, without asking anybody: the one that was made for an earlier film of the same
    length, less what is cut since. A film whose lines the rules have chosen keeps them once it is paid for."""
    target = options.target_seconds
    if not has_to_choose(candidates_of(script), target):
        return Choice()
    kept = await choices.find_choice(connection, script_id, version, target)
    if kept and still_tells(kept.line_ids, script, target):
        return Choice(kept.line_ids, kept.model)
    is_open = has_model and not (kept is None and await choices.is_filmed(connection, script_id, target))
    return Choice(is_open=is_open)


async def choose_lines(
    work: Work, version: int, script: Script, model: LanguageModel | None
) -> tuple[Choice, ChoosingReport]:
    """The choice for the job's film, made now if none holds, and kept for every film of that length. Scenes that are
    laid down keep their lines. Raises JOB_CANCELED."""
    job = work.job
    choice = await find_choice(
        work.connection, job.script_id, version, script, job.options, has_model=model is not None
    )
    if model is None or not choice.is_open or await scenes.list_scenes(work.connection, job.id):
        return choice, ChoosingReport(choice.chosen_by)
    candidates = candidates_of(script)
    calls: list[Call] = []
    async with consultation(work, model, Task.CHOOSE, calls) as asked:
        found = await _asked_twice(asked, candidates, script)
    reason = found if isinstance(found, str) else None
    if not isinstance(found, str):
        await choices.keep_choice(
            work.connection,
            job.script_id,
            job.user_id,
            version,
            job.options.target_seconds,
            chosen_ids(found, candidates),
            model.model,
        )
        # Another film may have been first, and both are to have the same lines.
        choice = await find_choice(work.connection, job.script_id, version, script, job.options, has_model=False)
    report = ChoosingReport(choice.chosen_by, template_version(), reason, Bill.of(calls))
    await _tell(work, report, model, len(choice.line_ids), len(candidates))
    return choice, report


async def _asked_twice(asked: Consultation, candidates: Sequence[Candidate], script: Script) -> Sequence[Passage] | str:
    """The model's choice, or why there is none, a sentence for users."""
    target = asked.work.job.options.target_seconds
    reason: str | None = None
    rejected: Sequence[Passage] = ()
    for _ in range(TRIES):
        reply = await asked.ask(
            ask(
                candidates,
                target,
                title=script.title,
                chapters=script.chapters,
                objection=reason,
                rejected=rejected,
            )
        )
        if reply is None:
            # A question that could not be asked again leaves the first answer's fault as the reason.
            return reason or asked.ended or UNREADABLE
        passages = None if reply.problem else read(reply.content)
        if passages is None:
            reason, rejected = reply.problem or UNREADABLE, ()
        elif fault := objection(passages, candidates, target):
            reason, rejected = fault, passages
        else:
            return passages
    return reason or UNREADABLE


async def _tell(work: Work, report: ChoosingReport, model: LanguageModel, kept: int, lines: int) -> None:
    """Tell the user who has chosen, what it cost, and why it was left to the rules."""
    if report.fell_back:
        message = f"Recast's own rules chose the lines of the film: {report.fell_back}"
    else:
        message = f"{report.chosen_by} chose {kept} of {lines} lines for ${report.bill.cost_usd:.4f}"
    await work.note(
        "lines_chosen",
        message,
        model=model.model,
        chosen_by=report.chosen_by,
        template=report.template,
        cost_usd=str(report.bill.cost_usd),
        fell_back=report.fell_back,
    )
