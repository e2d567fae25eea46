"""Values as text: JSON for the database, masks for people. Pure Python."""

import json

from configapp.keyspec import Value

MASK = "*" * 19
SHORT_MASK = "***"
SHOWN_CHARACTERS = 4
# a third of a secret is the most that may be shown, and a shorter one shows nothing
SHORTEST_WITH_A_TAIL = 12


def encode(value: Value) -> str:
    """A value as JSON."""
    return json.dumps(value, ensure_ascii=False)


def decode(text: str | None) -> Value | None:
    """The value that `encode` was given; None for what is unset."""
    value: Value | None = None if text is None else json.loads(text)
    return value


def written(value: Value | None) -> str:
    """A value as people write it; empty for what is unset."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def mask(secret: Value) -> str:
    """What may be shown of a secret: its last four characters, or nothing of a short one."""
    text = str(secret)
    return MASK + text[-SHOWN_CHARACTERS:] if len(text) >= SHORTEST_WITH_A_TAIL else SHORT_MASK
