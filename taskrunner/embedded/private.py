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
    """A random value of 256 bits for each name: made and written to `path` when first asked for, read from it after."""
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    if missing := [name for name in names if name not in kept]:
        kept |= {name: secrets.token_urlsafe(32) for name in missing}
        write_private(path, json.dumps(kept, indent=2) + "\n")
    return kept
