"""One live starter a directory."""

import fcntl
import os
from pathlib import Path

from taskrunner.embedded.errors import StartError


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
