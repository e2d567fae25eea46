"""What a look at one part found."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """`fix` is the command or the setting that mends it; empty where nothing needs mending."""

    level: Literal["ok", "warning", "fault"]
    part: str
    message: str
    fix: str = ""


def ok(part: str, message: str) -> Finding:
    return Finding("ok", part, message)


def warning(part: str, message: str, *, fix: str) -> Finding:
    return Finding("warning", part, message, fix)


def fault(part: str, message: str, *, fix: str) -> Finding:
    return Finding("fault", part, message, fix)
