"""The lines that real processes log."""

import json
from collections.abc import Iterator
from typing import IO, Any

Line = dict[str, Any]


def lines_of(log: IO[str]) -> list[Line]:
    """All that are written so far; what others than logging write, such as gunicorn, is left out."""
    return list(_read(log))


def _read(log: IO[str]) -> Iterator[Line]:
    # opened anew: the position in the file is the writer's too
    with open(f"/proc/self/fd/{log.fileno()}") as file:
        for text in file:
            if text.startswith("{") and text.endswith("}\n"):
                yield json.loads(text)
