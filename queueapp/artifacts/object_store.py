"""The object store: STORAGES["artifacts"], else a directory. Nothing here needs a database connection."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import storages

from queueapp import conf
from queueapp.artifacts.filesystem_store import FileStore
from queueapp.artifacts.upload_buffer import UploadBuffer
from queueapp.errors import StoreUnavailable

logger = logging.getLogger(__name__)

RETRY_SECONDS = 10.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 2.0


def put(key: str, buffer: UploadBuffer) -> None:
    """Write an object. Raises StoreUnavailable; the sweep deletes what was left behind."""
    with _available():
        _store().save(key, buffer.as_file())
    about = {"event": "artifact_stored", "object_key": key, "size_bytes": buffer.size}
    logger.info("object written", extra=about)


def put_patiently(key: str, buffer: UploadBuffer) -> None:
    """As `put`, for a handler: retries for ten seconds while the store is away, as when it is restarted.

    The worker waits. To fail sooner would use up the retries of the whole backlog.
    """
    deadline = time.monotonic() + RETRY_SECONDS
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            return put(key, buffer)
        except StoreUnavailable:
            if time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def open_object(key: str) -> "File[Any]":
    """An object to read; it may seek before the first read. Raises FileNotFoundError, StoreUnavailable.

    Where the store asks for the object only when it is read, reading raises FileNotFoundError or OSError.
    """
    try:
        file: File[Any] = _store().open(key)
        return file
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StoreUnavailable(error) from error


def delete(key: str) -> None:
    """Delete an object, if there is one. Raises StoreUnavailable."""
    with _available():
        _store().delete(key)


def check() -> str:
    """The place of the store. Raises StoreUnavailable if it cannot be used."""
    with _available():
        place: str = _store().check()
        return place


@contextmanager
def _available() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(error) from error


def is_shared() -> bool:
    """Whether other machines see the same objects."""
    return not isinstance(_store(), FileStore)


def _store() -> Any:
    if "artifacts" in settings.STORAGES:
        return storages["artifacts"]
    # not below MEDIA_ROOT, which web servers show to everybody
    return FileStore(str(Path(getattr(settings, "BASE_DIR", "")) / conf.settings.artifacts_directory))
