"""How commands print: coloured tables on a terminal, plain aligned columns elsewhere, JSON for machines."""

import json
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TextIO
from uuid import UUID

from django.core.management.base import OutputWrapper
from pydantic import BaseModel
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from queueapp.redaction import masked
from queueapp.states import Status

STYLES = {
    Status.SCHEDULED: "cyan",
    Status.BLOCKED: "cyan",
    Status.QUEUED: "blue",
    Status.LEASED: "yellow",
    Status.FAILED: "magenta",
    Status.COMPLETED: "green",
    Status.DEAD_LETTER: "red",
    Status.CANCELLED: "bright_black",
    "ok": "green",
    "live": "green",
    "warning": "yellow",
    "paused": "yellow",
    "fault": "red",
    "dead": "red",
}
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Output:
    """A command's standard output."""

    def __init__(self, stdout: TextIO | OutputWrapper, *, no_color: bool = False) -> None:
        # Django's wrapper ends each write with a newline, which tears rich's sequences apart: go below it
        file: Any = getattr(stdout, "_out", stdout)
        self.console = Console(file=file, no_color=no_color or None, markup=False, highlight=False, emoji=False)

    @contextmanager
    def silenced(self, silent: bool) -> Iterator[None]:
        """Print nothing inside, if so: with --json a command answers with one document at its end."""
        self.console.quiet = silent
        try:
            yield
        finally:
            self.console.quiet = False

    @property
    def is_terminal(self) -> bool:
        return self.console.is_terminal

    def line(self, text: str = "", style: str = "") -> None:
        self.console.print(Text(printable(text), style=style), soft_wrap=True)

    def json(self, document: Any) -> None:
        self.console.file.write(json.dumps(document, indent=2, default=as_json) + "\n")

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """One line a row, whole even where the terminal is narrow: ids are there to be copied."""
        cells = [[header.upper() for header in headers]]
        cells += [[printable(" ".join(cell.split())) for cell in row] for row in rows]
        widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
        for row in cells:
            line = Text("  ").join(
                Text(cell + " " * (width - cell_len(cell)), style=STYLES.get(cell, ""))
                for cell, width in zip(row, widths, strict=True)
            )
            line.rstrip()
            self.console.print(line, style="bold" if row is cells[0] else "", soft_wrap=True)


def printable(text: str) -> str:
    """Control characters shown as escapes: what a tenant wrote must not drive an operator's terminal."""
    return CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def as_json(value: Any) -> Any:
    """What JSON itself cannot carry."""
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, BaseModel):
        return value.model_dump()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{value!r} is no JSON")


def pretty(value: Any, known: Collection[str] = ()) -> str:
    """A JSON value for people, without its secrets and those that are known."""
    return json.dumps(masked(value, known), indent=2, ensure_ascii=False)


def rfc3339(moment: datetime, *, timespec: str = "milliseconds") -> str:
    return moment.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def seconds(duration: float | None) -> str:
    if duration is None:
        return ""
    return f"{duration:.3f} s" if duration < 10 else f"{duration:,.1f} s"
