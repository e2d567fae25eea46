"""What a configuration key is: its type, bounds, default and how it may be shown."""

from dataclasses import dataclass
from enum import StrEnum

Value = str | int | float | bool


class Kind(StrEnum):
    """The type of a key's value."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    URL = "url"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class KeySpec:
    """One declared key. Bounds are inclusive: of the value for numbers, of the length for strings.

    `default` is None for an optional key that nobody has set. `pattern` must match the whole string.
    A secret is stored encrypted and shown masked. A free-text key takes prose: only shapes of SQL are refused in it.
    """

    key: str
    kind: Kind
    description: str
    default: Value | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    pattern: str | None = None
    secret: bool = False
    free_text: bool = False
