"""Money: what films on offer cost, what one would cost, and what may be spent."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, PlainSerializer

from api.views.examples import LATER, MORNING, example
from api.views.failures import Failure
from api.views.view import View
from domain.attempts import AttemptState
from domain.models import ModelProfile
from domain.profile import Aspect
from domain.quote import Quote, What
from domain.voices import SpokenBy
from resources.database.records import Budget
from resources.voices.protocol import VoiceProfile

Money = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]
"""US dollars, to a hundredth of a cent."""


class PriceView(View):
    per: str = Field(description="`second` of film, `clip`, or `free`.")
    usd: Money
    usd_high: Money | None = Field(description="The upper end, where the provider's price is uncertain.")
    as_of: date
    source: str


class ModelView(View):
    """A model that films."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "provider": "replicate",
                "model": "bytedance/seedance-2.0",
                "title": "Seedance 2.0",
                "is_available": True,
                "seconds": [4, 5, 6, 7, 8],
                "aspects": ["16:9", "9:16", "1:1"],
                "max_pictures": 9,
                "has_sound": True,
                "price": {
                    "per": "second",
                    "usd": 0.1,
                    "usd_high": None,
                    "as_of": "2026-11-01",
                    "source": "https://replicate.com/bytedance/seedance-2.0",
                },
            }
        )
    )

    provider: str
    model: str
    title: str
    is_available: bool = Field(description="Whether this server has what the provider asks for, a key say.")
    seconds: list[int] = Field(description="Lengths that can be ordered; empty means any.")
    aspects: list[Aspect]
    max_pictures: int = Field(description="How many reference pictures of characters go into one shot.")
    has_sound: bool
    price: PriceView

    @classmethod
    def of(cls, profile: ModelProfile, *, is_available: bool) -> Self:
        facts = profile.model_dump(include={"provider", "model", "title", "max_pictures", "has_sound", "price"})
        return cls.model_validate(
            facts | {"seconds": list(profile.seconds), "aspects": list(profile.aspects), "is_available": is_available}
        )


class ModelList(View):
    model_config = ConfigDict(json_schema_extra=example({"models": ModelView.examples()}))

    models: list[ModelView]


class VoiceEngineView(View):
    """An engine that speaks lines."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "narration": "espeak",
                "model": "espeak-ng",
                "is_available": True,
                "is_usual": True,
                "usd_per_million_characters": 0,
                "usd_per_minute": 0,
                "priced_on": None,
                "ends_on": None,
            }
        )
    )

    narration: SpokenBy = Field(description="What an order names it.")
    model: str | None = Field(description="Null where it is not set up.")
    is_available: bool = Field(description="Whether this server has what the engine needs: a key, say, or weights.")
    is_usual: bool = Field(description="Whether it speaks the films that do not say who is to.")
    usd_per_million_characters: Money
    usd_per_minute: Money = Field(description="Of speech.")
    priced_on: date | None
    ends_on: date | None = Field(description="The day on which its service shuts the model down, where that is known.")

    @classmethod
    def of(cls, engine: SpokenBy, profile: VoiceProfile | None, *, is_usual: bool) -> Self:
        return cls(
            narration=engine,
            model=profile.model if profile else None,
            is_available=profile is not None,
            is_usual=is_usual,
            usd_per_million_characters=profile.usd_per_million_characters if profile else Decimal(0),
            usd_per_minute=profile.usd_per_minute if profile else Decimal(0),
            priced_on=profile.priced_on if profile else None,
            ends_on=profile.ends_on if profile else None,
        )


class VoiceList(View):
    model_config = ConfigDict(json_schema_extra=example({"voices": VoiceEngineView.examples()}))

    voices: list[VoiceEngineView]


class QuoteLineView(View):
    scene_index: int | None
    what: What = Field(
        description="`clip`; `speech` of one line; `training` of a character, once for all films; `keyframe`, which a"
        " character's trained model makes for a scene in which the character is alone."
    )
    provider: str
    model: str
    seconds: float = Field(description="What the provider is asked for; 0 where time does not count.")
    is_owned: bool = Field(description="Bought before: it costs nothing again.")
    low_usd: Money
    high_usd: Money


class QuoteView(View):
    """What the film would cost. Nothing is reserved or spent by asking."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "low_usd": 0.5,
                "high_usd": 0.5,
                "to_buy": 1,
                "is_estimate": False,
                "lines": [
                    {
                        "scene_index": 1,
                        "what": "clip",
                        "provider": "replicate",
                        "model": "bytedance/seedance-2.0",
                        "seconds": 5,
                        "is_owned": False,
                        "low_usd": 0.5,
                        "high_usd": 0.5,
                    }
                ],
                "budget_left_usd": 19.5,
                "is_within_budget": True,
            }
        )
    )

    low_usd: Money
    high_usd: Money = Field(
        description="The most it may cost, or about that of an estimate; so much is set aside when it is ordered."
    )
    to_buy: int = Field(description="How many things are bought; the rest is owned already.")
    is_estimate: bool = Field(
        description="Of a film with a target length: a language model chooses its lines when it is made, so that other"
        " scenes are filmed, of about the same length. The range says what that may change."
    )
    lines: list[QuoteLineView]
    budget_left_usd: Money
    is_within_budget: bool

    @classmethod
    def of(cls, quote: Quote, budget: Budget) -> Self:
        return cls(
            low_usd=quote.low_usd,
            high_usd=quote.high_usd,
            to_buy=quote.to_buy,
            is_estimate=quote.is_estimate,
            lines=[QuoteLineView.model_validate(line.model_dump()) for line in quote.lines],
            budget_left_usd=budget.left_usd,
            is_within_budget=quote.high_usd <= budget.left_usd,
        )


class BudgetRequest(View):
    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"limit_usd": 50}))

    limit_usd: Decimal = Field(ge=0, max_digits=12, decimal_places=2, description="Per calendar month (UTC).")


class BudgetView(View):
    """Your budget of this calendar month (UTC)."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "limit_usd": 20,
                "ceiling_usd": 1000,
                "reserved_usd": 1.6,
                "spent_usd": 2.4,
                "left_usd": 16,
                "month": "2026-11-01",
            }
        )
    )

    limit_usd: Money
    ceiling_usd: Money = Field(description="The highest limit that the operator allows.")
    reserved_usd: Money = Field(description="Set aside for jobs under way.")
    spent_usd: Money
    left_usd: Money
    month: date

    @classmethod
    def of(cls, budget: Budget) -> Self:
        return cls.model_validate(budget.model_dump(exclude={"user_id"}) | {"left_usd": budget.left_usd})


class AttemptView(View):
    """One call to a provider, paid or not."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "id": "0d9f8e7c-6b5a-4f3e-9d2c-1b0a9f8e7d99",
                "kind": "clip",
                "scene_index": 3,
                "provider": "replicate",
                "model": "google/veo-3.1",
                "state": "succeeded",
                "estimated_usd": 3.2,
                "cost_usd": 3.2,
                "error": None,
                "created_at": MORNING,
                "finished_at": LATER,
            }
        )
    )

    id: UUID
    kind: str
    scene_index: int | None
    provider: str
    model: str
    state: AttemptState = Field(
        description="`intent`, `unknown` (its answer was lost), `submitted`, then how it ended: `succeeded`,"
        " `rejected` or `lost` (paid, and not usable), `failed`, `canceled`, `absent` (never accepted), `parked` (an"
        " operator decides)."
    )
    estimated_usd: Money
    cost_usd: Money | None = Field(description="Null until it has ended.")
    error: Failure | None
    created_at: datetime
    finished_at: datetime | None


class AttemptList(View):
    model_config = ConfigDict(json_schema_extra=example({"usd": 3.2, "attempts": AttemptView.examples()}))

    usd: Money = Field(description="What they cost together.")
    attempts: list[AttemptView]


class CostLine(View):
    provider: str
    model: str
    kind: str
    bought: int = Field(description="How many calls were paid for.")
    usd: Money


class CostsView(View):
    """What you have spent in a month, by provider and model."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "month": "2026-11-01",
                "usd": 2.4,
                "lines": [
                    {
                        "provider": "replicate",
                        "model": "bytedance/seedance-2.0",
                        "kind": "clip",
                        "bought": 4,
                        "usd": 2.4,
                    }
                ],
            }
        )
    )

    month: date
    usd: Money
    lines: list[CostLine]
