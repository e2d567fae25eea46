"""Files that only their owner may read: written whole or not at all, and secrets made once and kept."""

import fcntl
import json
import os
import secrets
from pathlib import Path

from taskrunner.devserver.embedded.account import StartError


class DirectoryLock:
    """Held through an open file, so the kernel frees it when its holder dies."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "lock"
        self._file: int | None = None

    def acquire(self) -> None:
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = self._path.read_text().strip()
            os.close(file)
            raise StartError(
                f"{self._path.parent} is in use by process {holder}: stop it, or start in another directory"
            ) from None
        os.ftruncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


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
