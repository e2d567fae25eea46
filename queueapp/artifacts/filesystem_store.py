"""The store of one machine: a directory. An object exists whole or not at all, also after a power failure."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from django.core.files import File
from django.core.files.storage import FileSystemStorage

PART = ".part"  # an object that is being written; the next try starts again


class FileStore(FileSystemStorage):
    """A FileSystemStorage that is durable, private to its account, and keeps no empty directories."""

    def __init__(self, location: str) -> None:
        super().__init__(location, file_permissions_mode=0o600, directory_permissions_mode=0o700, allow_overwrite=True)

    def _save(self, name: str, content: "File[Any]") -> str:
        path = Path(self.path(name))
        part = path.with_name(path.name + PART)
        with _opened(part) as file:
            shutil.copyfileobj(content, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        for directory in path.parents[:3]:  # the task's and the tenant's may be new, and so are entries of those above
            _sync(directory)
        return name

    def delete(self, name: str) -> None:
        """Raises nothing if the object does not exist."""
        path = Path(self.path(name))
        for file in (path, path.with_name(path.name + PART)):
            file.unlink(missing_ok=True)
        with suppress(OSError):  # not empty, or gone
            path.parent.rmdir()

    def check(self) -> str:
        """The directory. Raises OSError if it cannot be written to."""
        location = Path(self.location)
        location.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _opened(location / f"doctor{PART}") as file:
            file.write(b"written by doctor")
        (location / f"doctor{PART}").unlink(missing_ok=True)
        return str(location)


def _opened(path: Path) -> IO[bytes]:
    for _ in range(10):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # the sweep has just removed the directory, because it was empty
            return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
    raise OSError(f"{path} cannot be created")


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
