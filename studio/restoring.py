"""Restoring sentences: a transcript without punctuation gets it from the language model, where one is configured."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.normalise import SpokenWord
from domain.restoring import Objection, Passage, passages_of, restored
from domain.transcript import Transcript
from resources.database import restored as answers
from resources.database.records import RestoredPassage
from resources.language.client import LanguageModel
from resources.language.question import UNREADABLE
from resources.language.restoring import ask, read, template_version
from studio.consulting import Bill, Call, Consultation, Task, consultation
from studio.work import Work

AT_ONCE = 4
"""Passages that are asked about at the same time."""


@dataclass(frozen=True, slots=True)
class RestoringReport:
    """How the sentences of a transcript were restored. ``model`` is None when none is configured; ``reused`` answers
    were there from an earlier run; ``fell_back`` are passages that stay as they were, by number, each with the reason.
    The bill is of this run alone."""

    model: str | None = None
    template: str | None = None
    passages: int = 0
    reused: int = 0
    fell_back: tuple[tuple[int, str], ...] = ()
    bill: Bill = field(default_factory=Bill)

    @property
    def restored(self) -> int:
        return self.passages - len(self.fell_back)


@dataclass(frozen=True, slots=True)
class RestoredWords:
    words: Sequence[SpokenWord]
    report: RestoringReport


async def restore_sentences(
    work: Work, transcript: Transcript, words: Sequence[SpokenWord], model: LanguageModel | None
) -> RestoredWords:
    """The words of a transcript that lacks sentences, with those that the model restores. Whatever goes wrong with the
    model leaves a passage as it is, and the job's events say so. Raises JOB_CANCELED.

    Each answer is kept before more are asked for, so that a run that takes over asks for the rest alone.
    """
    if model is None:
        await work.note(
            "sentences_not_restored",
            "Hardly any punctuation came with the words, and no language model is set up to restore it: lines are cut"
            " at pauses, and where a sentence may begin",
        )
        return RestoredWords(words, RestoringReport())
    passages = passages_of(words, transcript.language)
    keys = [_key(model, passage, transcript.language) for passage in passages]
    kept = dict(await answers.list_passages(work.connection, work.job.script_id, keys))
    reused = len(kept)
    calls: list[Call] = []
    waiting = [place for place, key in enumerate(keys) if key not in kept]
    reasons: dict[str, str] = {}
    async with consultation(work, model, Task.RESTORE, calls) as asked:

        async def answer(place: int) -> None:
            one = await _answer(asked, passages[place], keys[place], transcript.language)
            if one is None:
                reasons[keys[place]] = asked.ended or UNREADABLE
            else:
                kept[keys[place]] = one

        for wave in (waiting[first : first + AT_ONCE] for first in range(0, len(waiting), AT_ONCE)):
            # All of a wave are waited for, also when one has failed: they use the same connection.
            for ended in await asyncio.gather(*map(answer, wave), return_exceptions=True):
                if isinstance(ended, BaseException):
                    raise ended
            await work.progress((wave[-1] + 1) / len(passages))
    made: list[SpokenWord] = []
    fell_back: list[tuple[int, str]] = []
    for number, (passage, key) in enumerate(zip(passages, keys, strict=True), start=1):
        spelt, reason = _used(passage, kept.get(key))
        made += spelt
        if reason or key in reasons:
            fell_back.append((number, reasons.get(key) or reason))
    report = RestoringReport(model.model, template_version(), len(passages), reused, tuple(fell_back), Bill.of(calls))
    await _tell(work, report)
    return RestoredWords(made, report)


async def _answer(asked: Consultation, passage: Passage, key: str, language: str) -> RestoredPassage | None:
    """What the model has answered, and kept; None where it was not asked, or has not answered."""
    reply = await asked.ask(ask(passage, language))
    if reply is None:
        return None
    text = None if reply.problem else read(reply.content)
    verdict = UNREADABLE if text is None else restored(passage.words, text)
    objection = reply.problem or (str(verdict) if isinstance(verdict, str) else None)
    answer = RestoredPassage(passage_key=key, answer=None if objection else text, objection=objection)
    work = asked.work
    await answers.keep_passage(work.connection, work.job.script_id, work.job.user_id, answer, asked.model.model)
    return answer


def _used(passage: Passage, kept: RestoredPassage | None) -> tuple[Sequence[SpokenWord], str]:
    """The words to go on with, and why they are as they were."""
    if kept is None or kept.answer is None:
        return passage.words, (kept and kept.objection) or ""
    words = restored(passage.words, kept.answer)
    return (passage.words, words) if isinstance(words, Objection) else (words, "")


def _key(model: LanguageModel, passage: Passage, language: str) -> str:
    """A fingerprint of all that decides what the model answers."""
    grounds = (model.model, template_version(), language, passage.before, passage.text, passage.after)
    return hashlib.sha256("\0".join(grounds).encode()).hexdigest()


async def _tell(work: Work, report: RestoringReport) -> None:
    message = (
        f"{report.model} restored the punctuation of {report.restored} of {report.passages} passages"
        f" for ${report.bill.cost_usd:.4f}"
    )
    if report.fell_back:
        reasons = " ".join(dict.fromkeys(reason for _, reason in report.fell_back))
        message += f"; Recast's own rules cut {len(report.fell_back)} into lines: {reasons}"
    await work.note(
        "sentences_restored",
        message,
        model=report.model,
        template=report.template,
        passages=report.passages,
        restored=report.restored,
        reused=report.reused,
        cost_usd=str(report.bill.cost_usd),
        fell_back=[{"passage": number, "reason": reason} for number, reason in report.fell_back],
    )
