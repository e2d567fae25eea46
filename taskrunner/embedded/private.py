"""Files that only their owner may read: written whole or not at all, and secrets made once and kept."""

import json
import os
import secrets
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Replace `path` in one step by a file of mode 600."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def kept_secrets(path: Path, names: list[str]) -> dict[str, str]:
    """A random value for each name: made and written to `path` at the first call, read from it ever after."""
    if not path.exists():
        write_private(path, json.dumps({name: secrets.token_urlsafe(32) for name in names}, indent=2) + "\n")
    kept: dict[str, str] = json.loads(path.read_text())
    return kept
