"""Money: models and their prices, budgets, and what was spent."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query

from api.dependencies import ServicesOf, Transaction
from api.openapi import problems
from api.views.money import BudgetRequest, BudgetView, CostLine, CostsView, ModelList, ModelView
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


@router.get("/budget", responses=problems(), summary="Read your budget")
async def get_budget(connection: Transaction) -> BudgetView:
    """What you may spend this month, and what is left of it."""
    return BudgetView.of(await budgets.my_budget(connection))


@router.put("/budget", responses=problems(), summary="Set your budget")
async def set_budget(body: BudgetRequest, connection: Transaction) -> BudgetView:
    """Choose what you may spend in a month. A limit below what is spent already stops new films, and nothing else."""
    return BudgetView.of(await budgets.set_my_budget(connection, body.limit_usd))


@router.get("/costs", responses=problems(), summary="See what you spent")
async def get_costs(
    connection: Transaction,
    month: Annotated[date | None, Query(description="Any day of the month; this month unless given.")] = None,
) -> CostsView:
    """What was paid to providers for you in one month."""
    first = (month or datetime.now(UTC).date()).replace(day=1)
    lines = [CostLine.model_validate(line.model_dump()) for line in await attempts.sum_costs(connection, first)]
    return CostsView(month=first, usd=sum((line.usd for line in lines), Decimal(0)), lines=lines)
