"""What a language model has cost, as a stage shows it."""

from studio.consulting import Bill


def bill_metadata(task: str, bill: Bill) -> dict[str, int | float]:
    return {
        f"{task}_calls": bill.calls,
        f"{task}_input_tokens": bill.input_tokens,
        f"{task}_output_tokens": bill.output_tokens,
        f"{task}_cost_usd": float(bill.cost_usd),
        f"{task}_lost_usd": float(bill.lost_usd),
    }
