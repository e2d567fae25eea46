"""Overrides from the environment: TASKRUNNER_CONFIG__APP__API_PORT=9000 is app.api_port. Read once, at start."""

from collections.abc import Mapping

from configapp.catalogue import CATALOGUE
from configapp.keyspec import Value
from configapp.validation import Refused, check_value

PREFIX = "TASKRUNNER_CONFIG__"


class BadOverrides(ValueError):
    """Variables that cannot be used; `lines` has one line for each, without its value."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def key_of(variable: str) -> str:
    """The key that a variable overrides."""
    return variable.removeprefix(PREFIX).replace("__", ".").lower()


def read_overrides(environment: Mapping[str, str]) -> dict[str, Value]:
    """The overrides by key. Raises BadOverrides naming every variable with a bad value.

    Which other keys the installed apps register is not known yet; `check_overrides` finds those that there are not.
    """
    values: dict[str, Value] = {}
    lines: list[str] = []
    for name in sorted(name for name in environment if name.startswith(PREFIX)):
        key = key_of(name)
        try:
            values[key] = check_value(CATALOGUE[key], environment[name]) if key in CATALOGUE else environment[name]
        except Refused as refusal:
            lines.append(f"{name}: {refusal.reason}")
    if lines:
        raise BadOverrides(lines)
    return values


def check_overrides(values: Mapping[str, Value]) -> dict[str, Value]:
    """The overrides, each of its key's type. Raises ValueError naming those that are unknown or have a bad one.

    Keys of the catalogue only: which custom keys there are the database knows.
    """
    checked: dict[str, Value] = {}
    lines: list[str] = []
    for key, value in values.items():
        try:
            checked[key] = check_value(CATALOGUE[key], value)
        except KeyError:
            lines.append(f"{key}: there is no such key")
        except Refused as refusal:
            lines.append(f"{key}: {refusal.reason}")
    if lines:
        raise ValueError("; ".join(lines))
    return checked
