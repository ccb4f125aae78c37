"""How every benchmark ends: a table for people, and one line of JSON for programs."""

import json
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

Figures = Mapping[str, float | Mapping[str, float]]
"""A figure by name, or several by name and case."""


def tell(title: str, figures: Figures, meanings: Mapping[str, str], aims: Mapping[str, float]) -> None:
    """Print the figures with their meaning and aim; the last line is one JSON object of all of them."""
    table = Table(title=title, title_justify="left")
    for column in ("figure", "value", "aim", "what it is"):
        table.add_column(column, justify="right" if column in ("value", "aim") else "left")
    for name, figure in figures.items():
        aim = f"≤ {aims[name]:g}" if name in aims else ""
        cases = figure if isinstance(figure, Mapping) else {"": figure}
        for place, (case, value) in enumerate(cases.items()):
            table.add_row(f"{name} {case}".rstrip(), f"{value:g}", aim, "" if place else meanings.get(name, ""))
    Console().print(table)
    print(json.dumps(figures))
