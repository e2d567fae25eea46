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


def variable_of(key: str) -> str:
    """The name of the variable that overrides a key."""
    return PREFIX + key.replace(".", "__").upper()


def read_overrides(environment: Mapping[str, str]) -> dict[str, Value]:
    """The overrides by key, checked like any other value. Raises BadOverrides naming every bad variable.

    Keys of the catalogue only: which others are declared the database knows, and this is read before there is one.
    """
    keys = {variable_of(key): key for key in CATALOGUE}
    values: dict[str, Value] = {}
    faults: list[str] = []
    for name in sorted(name for name in environment if name.startswith(PREFIX)):
        try:
            values[keys[name]] = check_value(CATALOGUE[keys[name]], environment[name])
        except KeyError:
            faults.append(f"{name}: there is no such configuration key")
        except Refused as refusal:
            faults.append(f"{name}: {refusal.reason}")
    if faults:
        raise BadOverrides(faults)
    return values
