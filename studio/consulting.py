"""Consulting a language model for a job: each call noted with its cost, all within a bound, and none after a cancel."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import structlog

from domain.errors import ErrorCode, RecastError
from resources.database import events
from resources.language.client import RETRIES, LanguageModel, LostAnswerError, Session
from resources.language.question import Question, Reply
from studio.work import Work

log = structlog.get_logger(__name__)

CANCEL_CHECK_SECONDS = 1.0

CALLED = "language_model_called"
"""The kind of the event that keeps the cost of one answer: what a job may still spend is counted from these."""


class Task(StrEnum):
    """What the model is asked to do."""

    DIRECT = "direct"
    RESTORE = "restore punctuation"
    CHOOSE = "choose lines"


@dataclass(frozen=True, slots=True)
class Call:
    """One question that was sent. ``cost_usd`` is what its answer costs, ``lost_usd`` what it may cost at most although
    it has not arrived."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    lost_usd: Decimal = Decimal(0)
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Bill:
    """What a run has paid for its calls; ``lost_usd``, which is not in ``cost_usd``, is what answers that have not
    arrived may cost at most."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    lost_usd: Decimal = Decimal(0)

    @classmethod
    def of(cls, calls: Sequence[Call]) -> "Bill":
        return cls(
            calls=len(calls),
            input_tokens=sum(call.input_tokens for call in calls),
            output_tokens=sum(call.output_tokens for call in calls),
            cost_usd=sum((call.cost_usd for call in calls), Decimal(0)),
            lost_usd=sum((call.lost_usd for call in calls), Decimal(0)),
        )


@dataclass(slots=True)
class Consultation:
    """One job's conversation with the model. ``spent_usd`` is what earlier calls for the job may have cost, whatever
    they were about; ``calls`` grows with each that has ended.

    Once the service fails, or the bound is reached, the model is not asked again, and ``ended`` says why.
    """

    work: Work
    task: Task
    model: LanguageModel
    session: Session
    spent_usd: Decimal
    calls: list[Call]
    ended: str | None = None
    _open_usd: Decimal = Decimal(0)
    """What the questions that wait for their answers may cost."""

    async def ask(self, question: Question) -> Reply | None:
        """The model's answer; None when the model is not, or no longer, asked. Raises JOB_CANCELED as soon as the user
        asks the job to stop: an answer may take minutes."""
        if self.ended:
            return None
        at_most = self.model.prices.of(question.input_tokens_at_most, question.max_output_tokens)
        known = self.spent_usd + sum(call.cost_usd + call.lost_usd for call in self.calls)
        if known + self._open_usd + at_most > self.model.max_usd:
            self.ended = f"The limit of ${self.model.max_usd} for a language model's work on one job is reached."
            return None
        self._open_usd += at_most
        try:
            reply = await self._unless_canceled(question)
        except RecastError as error:
            self.ended = error.detail
            log.warning(
                "the language model gives no answer",
                model=self.model.model,
                task=self.task.value,
                error_code=error.code.value,
                cause=error.cause,
                request_id=error.request_id,
            )
            is_canceled = error.code is ErrorCode.JOB_CANCELED
            lost = at_most * (1 + RETRIES) if is_canceled or isinstance(error, LostAnswerError) else Decimal(0)
            await self._note(Call(lost_usd=lost, request_id=error.request_id))
            if is_canceled:
                raise
            return None
        finally:
            self._open_usd -= at_most
        cost = self.model.prices.of(reply.input_tokens, reply.output_tokens)
        await self._note(Call(reply.input_tokens, reply.output_tokens, cost, request_id=reply.request_id))
        return reply

    async def _note(self, call: Call) -> None:
        self.calls.append(call)
        await events.append_event(
            self.work.connection,
            self.work.job.id,
            self.work.job.user_id,
            CALLED,
            audience="operator",
            message=f"{self.model.model} was asked to {self.task}",
            data={
                "model": self.model.model,
                "task": self.task,
                "input_tokens": call.input_tokens,
                "output_tokens": call.output_tokens,
                "cost_usd": str(call.cost_usd),
                "lost_usd": str(call.lost_usd),
                "request_id": call.request_id,
            },
        )

    async def _unless_canceled(self, question: Question) -> Reply:
        asking = asyncio.ensure_future(self.session.ask(question))
        try:
            while not (await asyncio.wait({asking}, timeout=CANCEL_CHECK_SECONDS))[0]:
                if await self.work.is_canceled():
                    raise RecastError(ErrorCode.JOB_CANCELED)
            return asking.result()
        finally:
            asking.cancel()
            await asyncio.wait({asking})


@asynccontextmanager
async def consultation(work: Work, model: LanguageModel, task: Task, calls: list[Call]) -> AsyncIterator[Consultation]:
    """A conversation for a job; what is asked in it is noted in ``calls``."""
    spent = await events.sum_model_cost(work.connection, work.job.id, CALLED)
    async with model.session() as session:
        yield Consultation(work, task, model, session, spent, calls)
