"""What a language model costs, and how much a question may cost at most before it is asked."""

from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from math import ceil

BYTES_PER_TOKEN = 3
"""Fewer than tokens of any language hold on average, so that an estimate is rather too high than too low."""
MILLION = Decimal(1_000_000)
STEP_USD = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars per million tokens."""

    input_usd: Decimal
    output_usd: Decimal

    def of(self, input_tokens: int, output_tokens: int) -> Decimal:
        """The cost of one answer, rounded up to a millionth of a dollar."""
        cost = (self.input_usd * input_tokens + self.output_usd * output_tokens) / MILLION
        return cost.quantize(STEP_USD, ROUND_UP)


def tokens_at_most(text: str) -> int:
    return ceil(len(text.encode()) / BYTES_PER_TOKEN)
