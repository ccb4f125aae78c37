"""How every benchmark ends: a table for people, and one line of JSON for programs."""

import json
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table


def tell(title: str, figures: Mapping[str, float], meanings: Mapping[str, str], aims: Mapping[str, float]) -> None:
    """Print the figures with their meaning and aim; the last line is one JSON object of all of them."""
    table = Table(title=title, title_justify="left")
    for column in ("figure", "value", "aim", "what it is"):
        table.add_column(column, justify="right" if column in ("value", "aim") else "left")
    for name, value in figures.items():
        aim = f"≤ {aims[name]:g}" if name in aims else ""
        table.add_row(name, f"{value:g}", aim, meanings.get(name, ""))
    Console().print(table)
    print(json.dumps(figures))
