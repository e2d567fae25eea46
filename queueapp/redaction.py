"""Hides what a name says is a secret, wherever a task's values are shown: the API, the admin and the commands."""

import re
from typing import Any

MASK = "***"
# by the end of the name: `access_token` and `apiKey`, but not `max_tokens`
ENDING = r"(?:password|passwd|passphrase|secret|token|api[_-]?key|private[_-]?key|authorization|credentials?)"
SECRET_NAME = re.compile(rf"{ENDING}$", re.I)
# the same names in running text: `name=value`, `name: value`, `"name": "value"`, but not `name == value`
NAMED_IN_TEXT = re.compile(
    rf"""({ENDING}\\?["']?\s*(?::|=(?!=))\s*)"""
    r"""(?:"[^"\n]*"|'[^'\n]*'|(?:Bearer|Basic|Token)\s+\S+|[^\s,;&)}\]]+)""",
    re.I,
)
IN_ADDRESS = re.compile(r"(://[^/\s:@]*):[^/\s@]+@")  # https://user:password@host
BEARER = re.compile(r"\b(Bearer)\s+[\w.~+/=-]{8,}", re.I)


def masked(value: Any) -> Any:
    """A copy of a JSON value with everything hidden whose name says that it is a secret."""
    if isinstance(value, dict):
        return {name: MASK if SECRET_NAME.search(name) else masked(item) for name, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value


def masked_text(text: str) -> str:
    """A copy of a text with every value hidden whose name beside it says that it is a secret."""
    text = IN_ADDRESS.sub(rf"\1:{MASK}@", text)
    return BEARER.sub(rf"\1 {MASK}", NAMED_IN_TEXT.sub(rf"\1{MASK}", text))
