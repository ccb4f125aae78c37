"""Money: models and their prices, budgets, and what was spent."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query

from api.dependencies import OwnJob, ServicesOf, Transaction
from api.openapi import problems
from api.views.failures import Failure
from api.views.money import (
    AttemptList,
    AttemptView,
    BudgetRequest,
    BudgetView,
    CostLine,
    CostsView,
    ModelList,
    ModelView,
    VoiceEngineView,
    VoiceList,
)
from domain.errors import ErrorCode
from resources.database import attempts, budgets

router = APIRouter(tags=["money"])


@router.get("/models", responses=problems(), summary="List the models that film")
async def list_models(services: ServicesOf) -> ModelList:
    """Every model, with its limits and its price; which of them this server can use now."""
    return ModelList(
        models=[
            ModelView.of(profile, is_available=services.cameras.is_configured(profile.provider))
            for profile in services.cameras.offered()
        ]
    )


@router.get("/voices", responses=problems(), summary="List the engines that speak")
async def list_voices(services: ServicesOf) -> VoiceList:
    """Who can speak a film's lines, with what that costs; which of them this server can use now."""
    usual = services.voices.usual
    offered = services.voices.offered()
    return VoiceList(voices=[VoiceEngineView.of(one, profile, is_usual=one is usual) for one, profile in offered])


@router.get("/budget", responses=problems(), summary="Read your budget")
async def get_budget(connection: Transaction) -> BudgetView:
    """What you may spend this month, and what is left of it."""
    return BudgetView.of(await budgets.my_budget(connection))


@router.put("/budget", responses=problems(), summary="Set your budget")
async def set_budget(body: BudgetRequest, connection: Transaction) -> BudgetView:
    """Choose what you may spend in a month. A limit below what is spent already stops new films, and nothing else."""
    return BudgetView.of(await budgets.set_my_budget(connection, body.limit_usd))


@router.get("/jobs/{job_id}/attempts", responses=problems(ErrorCode.NOT_FOUND), summary="See what a job bought")
async def list_attempts(job: OwnJob, connection: Transaction) -> AttemptList:
    """Every call to a provider that was made for the job, with what it cost."""
    rows = await attempts.list_own_attempts(connection, job.id)
    views = [
        AttemptView(
            **row.model_dump(exclude={"estimated_cost_usd", "error_code"}),
            estimated_usd=row.estimated_cost_usd,
            error=Failure.of(row.error_code, None),
        )
        for row in rows
    ]
    return AttemptList(usd=sum((row.cost_usd or Decimal(0) for row in rows), Decimal(0)), attempts=views)


@router.get("/costs", responses=problems(), summary="See what you spent")
async def get_costs(
    connection: Transaction,
    month: Annotated[date | None, Query(description="Any day of the month; this month unless given.")] = None,
) -> CostsView:
    """What was paid to providers for you in one month."""
    first = (month or datetime.now(UTC).date()).replace(day=1)
    lines = [CostLine.model_validate(line.model_dump()) for line in await attempts.sum_costs(connection, first)]
    return CostsView(month=first, usd=sum((line.usd for line in lines), Decimal(0)), lines=lines)
