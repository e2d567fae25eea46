"""Hides what a name says is a secret, wherever a task's values are shown: the API, the admin and the commands."""

import re
from typing import Any

MASK = "***"
# by the end of the name: `access_token` and `apiKey`, but not `max_tokens`
SECRET_NAME = re.compile(
    r"(?:password|passwd|passphrase|secret|token|api[_-]?key|private[_-]?key|authorization|credentials?)$", re.I
)


def masked(value: Any) -> Any:
    """A copy of a JSON value with everything hidden whose name says that it is a secret."""
    if isinstance(value, dict):
        return {name: MASK if SECRET_NAME.search(name) else masked(item) for name, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value
