"""`recast models`, `recast voices`, `recast budget`, `recast quote`: what films cost and what may be spent."""

from decimal import Decimal

from rich.console import Console
from rich.table import Table

from cli.api_client import ApiClient, BudgetView, ModelView, QuoteView, VoiceEngineView

CENT = 0.01


def dollars(low: float, high: float | None = None) -> str:
    """To the cent; what costs less than one, to a hundredth of it."""
    places = 4 if 0 < (low if high is None else high) < CENT else 2
    return f"${low:.{places}f}" if high is None or high == low else f"${low:.{places}f} to ${high:.{places}f}"


async def list_models(console: Console, client: ApiClient) -> None:
    table = Table("provider", "model", "price", "lengths", "", box=None, pad_edge=False)
    for one in await client.models():
        lengths = f"{one.seconds[0]}-{one.seconds[-1]} s" if one.seconds else "any"
        table.add_row(one.provider, one.model, _price(one), lengths, "" if one.is_available else "not set up")
    console.print(table)


async def list_voices(console: Console, client: ApiClient) -> None:
    table = Table("narration", "model", "price", "", box=None, pad_edge=False)
    for one in await client.voices():
        note = "" if one.is_available else "not set up"
        table.add_row(one.narration, one.model or "", speech_price(one), "unless told" if one.is_usual else note)
    console.print(table)


def speech_price(voice: VoiceEngineView) -> str:
    """By the letter or the minute, to the last digit: of such prices a cent is much."""
    if not voice.is_available:
        return ""
    prices = [(voice.usd_per_million_characters, "a million characters"), (voice.usd_per_minute, "a minute")]
    return " and ".join(f"${usd:g} {what}" for usd, what in prices if usd) or "free"


def _price(model: ModelView) -> str:
    price = model.price
    return "free" if price.per == "free" else f"{dollars(price.usd, price.usd_high)} per {price.per}"


def tell_of_quote(console: Console, quote: QuoteView) -> None:
    table = Table("scene", "what", "model", "seconds", "price", box=None, pad_edge=False)
    speech = [line for line in quote.lines if line.what == "speech"]
    for line in quote.lines:
        if line.what == "speech":
            continue
        price = "owned" if line.is_owned else dollars(line.low_usd, line.high_usd)
        seconds = f"{line.seconds:g}" if line.seconds else ""
        table.add_row(str(line.scene_index or ""), line.what, f"{line.provider} {line.model}", seconds, price)
    if speech:
        low, high = sum(line.low_usd for line in speech), sum(line.high_usd for line in speech)
        engine = f"{speech[0].provider} {speech[0].model}"
        table.add_row("", f"speech, {len(speech)} lines", engine, "", dollars(low, high))
    console.print(table)
    clips = [line for line in quote.lines if line.what == "clip"]
    owned = sum(line.is_owned for line in clips)
    trained = sum(line.what == "training" and not line.is_owned for line in quote.lines)
    console.print(
        f"Films {len(clips) - owned} of {len(clips)} scenes for {dollars(quote.low_usd, quote.high_usd)}"
        + (f", which includes {trained} {'training' if trained == 1 else 'trainings'}" if trained else "")
        + (f"; {owned} are yours already" if owned else "")
        + f". Left of this month's budget: {dollars(quote.budget_left_usd)}."
    )
    if quote.is_estimate:
        console.print(
            "A language model chooses the lines when the film is made: other scenes, of about the same length."
        )
    if not quote.is_within_budget:
        console.print("That is more than the budget has left: raise it with `recast budget --limit`.")


async def show_budget(console: Console, client: ApiClient, limit: Decimal | None) -> None:
    budget = await client.budget() if limit is None else await client.set_budget(str(limit))
    console.print(_told(budget))


def _told(budget: BudgetView) -> str:
    return (
        f"Of {dollars(budget.limit_usd)} in {budget.month[:7]}: {dollars(budget.spent_usd)} spent, "
        f"{dollars(budget.reserved_usd)} set aside, {dollars(budget.left_usd)} left. "
        f"The operator allows at most {dollars(budget.ceiling_usd)}."
    )
