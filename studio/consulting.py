"""Consulting a language model about a film: batch by batch, checked, repaired once, and within a bound on its cost."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import structlog

from domain.direction import Direction, Objection, objection
from domain.errors import ErrorCode, RecastError
from domain.scenes import Scene
from domain.shots import ShotPrompt
from resources.director.answer import Answer
from resources.director.client import RETRIES, LanguageDirector, LostAnswerError, Session
from resources.director.question import Film, Question, ask

log = structlog.get_logger(__name__)

NEIGHBOURS = 2
CANCEL_CHECK_SECONDS = 1.0


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
class Directed:
    """What became of a batch: directions to which there is no objection, and for every other scene the reason, a
    sentence for users; both by the scene's index."""

    directions: Mapping[int, Direction]
    reasons: Mapping[int, str]


@dataclass(slots=True)
class Consultation:
    """One job's conversation with the model. ``spent_usd`` is what earlier runs of the job may have paid; ``record``
    keeps each call as soon as it has ended.

    Once the service fails, or the bound is reached, the model is not asked again, and ``ended`` says why.
    """

    director: LanguageDirector
    session: Session
    film: Film
    spent_usd: Decimal
    record: Callable[[Call], Awaitable[None]]
    is_canceled: Callable[[], Awaitable[bool]]
    calls: list[Call] = field(default_factory=list)
    ended: str | None = None

    async def direct(self, batch: Sequence[Scene], prompts: Mapping[int, ShotPrompt]) -> Directed:
        """The directions of a batch, asked for once, and once more where there is an objection. ``prompts`` are those
        that are decided. Raises JOB_CANCELED."""
        found, reasons = await self._round(batch, prompts, None)
        wrong = [scene for scene in batch if scene.index in reasons]
        if wrong and not self.ended:
            repaired, reasons = await self._round(wrong, prompts, reasons)
            found |= repaired
        return Directed(found, reasons)

    async def _round(
        self, batch: Sequence[Scene], prompts: Mapping[int, ShotPrompt], objections: Mapping[int, str] | None
    ) -> tuple[dict[int, Direction], dict[int, str]]:
        answer = await self._ask(ask(self.film, batch, prompts, neighbours=NEIGHBOURS, objections=objections))
        found: dict[int, Direction] = {}
        reasons: dict[int, str] = {}
        for scene in batch:
            if answer is None:
                # A question that could not be asked again leaves the first answer's fault as the reason.
                reasons[scene.index] = (objections or {}).get(scene.index) or self.ended or Objection.MISSING
            elif reason := answer.problem or self._objection(scene, answer):
                reasons[scene.index] = reason
            else:
                found[scene.index] = answer.directions[scene.index]
        return found, reasons

    def _objection(self, scene: Scene, answer: Answer) -> str | None:
        direction = answer.directions.get(scene.index)
        if direction is None:
            return answer.objections.get(scene.index, Objection.MISSING)
        named = self.film.named_speakers.get(scene.index)
        return objection(direction, self.film.cast, self.film.cast[named] if named else None)

    async def _ask(self, question: Question) -> Answer | None:
        """The model's answer; None when the model is not, or no longer, asked."""
        if self.ended:
            return None
        at_most = self.director.prices.of(question.input_tokens_at_most, question.max_output_tokens)
        if self.spent_usd + sum(call.cost_usd + call.lost_usd for call in self.calls) + at_most > self.director.max_usd:
            self.ended = f"The limit of ${self.director.max_usd} for directing a film is reached."
            return None
        try:
            answer = await self._unless_canceled(question)
        except RecastError as error:
            self.ended = error.detail
            log.warning(
                "the language model gives no answer",
                model=self.director.model,
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
        cost = self.director.prices.of(answer.input_tokens, answer.output_tokens)
        await self._note(Call(answer.input_tokens, answer.output_tokens, cost, request_id=answer.request_id))
        return answer

    async def _note(self, call: Call) -> None:
        self.calls.append(call)
        await self.record(call)

    async def _unless_canceled(self, question: Question) -> Answer:
        """The answer, or JOB_CANCELED as soon as the user asks the job to stop: an answer may take minutes."""
        asking = asyncio.ensure_future(self.session.direct(question))
        try:
            while not (await asyncio.wait({asking}, timeout=CANCEL_CHECK_SECONDS))[0]:
                if await self.is_canceled():
                    raise RecastError(ErrorCode.JOB_CANCELED)
            return asking.result()
        finally:
            asking.cancel()
            await asyncio.wait({asking})
