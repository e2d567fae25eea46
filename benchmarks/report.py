"""What a measurement hands in, how it is printed, and how it is stored."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable


@dataclass(frozen=True)
class Figure:
    """One number beside the goal it is held against. `goal` None: shown, not judged."""

    name: str
    measured: float
    unit: str
    goal: float | None = None
    at_most: bool = False  # the goal is an upper bound
    detail: dict[str, Any] = field(default_factory=dict)
    runs: list[float] = field(default_factory=list)  # `measured` is their median, or made of their medians

    @property
    def reached(self) -> bool | None:
        if self.goal is None:
            return None
        return self.measured <= self.goal if self.at_most else self.measured >= self.goal

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"reached": self.reached}


@dataclass(frozen=True)
class Table:
    """What does not fit one number beside one goal."""

    title: str
    columns: list[str]
    rows: list[list[Any]]


@dataclass(frozen=True)
class Measurement:
    """What one measurement found."""

    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "figures": [figure.as_json() for figure in self.figures],
            "tables": [asdict(table) for table in self.tables],
        }


def show(name: str, outcome: dict[str, Any]) -> None:
    """Print one measurement's outcome, as it was stored."""
    tables = outcome["tables"]
    if outcome["figures"]:
        rows = [_figure_row(figure) for figure in outcome["figures"]]
        tables = [{"title": name, "columns": ["", "measured (spread)", "goal", "", "detail"], "rows": rows}, *tables]
    for table in tables:
        _print(table)


def summarise(outcomes: dict[str, dict[str, Any]]) -> None:
    """Print every figure that has a goal, with how far its runs lie apart."""
    judged = [figure for outcome in outcomes.values() for figure in outcome["figures"] if figure["goal"] is not None]
    rows = [_figure_row(figure)[:-1] for figure in judged]
    reached = sum(figure["reached"] for figure in judged)
    title = f"{reached} of {len(judged)} goals reached"
    _print({"title": title, "columns": ["", "measured (spread)", "goal", ""], "rows": rows})


def store(path: Path, document: dict[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _figure_row(figure: dict[str, Any]) -> list[Any]:
    bound = "≤" if figure["at_most"] else "≥"
    goal = f"{bound} {_cell(figure['goal'])}" if figure["goal"] is not None else ""
    outcome = {True: "reached", False: "NOT REACHED", None: ""}[figure["reached"]]
    detail = ", ".join(f"{name} {_cell(value)}" for name, value in figure["detail"].items())
    measured = f"{_cell(figure['measured'])} {figure['unit']}{_spread(figure['runs'])}"
    return [figure["name"], measured, goal, outcome, detail]


def _spread(runs: list[float]) -> str:
    return f" ({_cell(min(runs))}–{_cell(max(runs))})" if len(runs) > 1 else ""


def _print(table: dict[str, Any]) -> None:
    printed = RichTable(title=table["title"], title_justify="left")
    for number, column in enumerate(table["columns"]):
        printed.add_column(column, justify="left" if number == 0 or column == "detail" else "right")
    for row in table["rows"]:
        printed.add_row(*[_cell(value) for value in row])
    Console(width=None if Console().is_terminal else 200).print(printed)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return " / ".join(_cell(item) for item in value)
    return str(value)
