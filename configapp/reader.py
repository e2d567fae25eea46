"""Reading: typed values out of a snapshot that each process holds in memory.

The first get() of a process starts a thread that polls the database twice a second and replaces the snapshot when
something was committed. Reading so never waits for a database, needs no scope, and does not know Redis at all.
"""

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event, Lock, Thread

from django.db import Error as DatabaseError
from django.db import connection

from configapp.errors import ConfigurationUnavailable, SecretUnreadable, UnknownKey
from configapp.keyspec import Value
from configapp.signals import config_changed

logger = logging.getLogger(__name__)

POLL_INTERVAL_SECONDS = 0.5
FIRST_POLL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The values of all keys at one revision. A secret that cannot be decrypted reads as the error to raise."""

    revision: int
    values: Mapping[str, Value | SecretUnreadable | None]

    def differences(self, earlier: "Snapshot") -> frozenset[str]:
        keys = self.values.keys() | earlier.values.keys()
        return frozenset(key for key in keys if repr(self.values.get(key)) != repr(earlier.values.get(key)))


# takes the revision that is known and returns the new snapshot, or None if nothing has changed
Load = Callable[[int | None], Snapshot | None]


class Reader:
    """A snapshot, and the thread that keeps it. A forked child starts one of its own."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self.reset()

    def snapshot(self) -> Snapshot:
        """Raises ConfigurationUnavailable where the database has not answered since this process started."""
        if not self._is_kept():
            with self._lock:
                if not self._is_kept():
                    self._start()
        if self._snapshot is None:
            self._first.wait(FIRST_POLL_SECONDS)
        if self._snapshot is None:
            raise ConfigurationUnavailable
        return self._snapshot

    def stop(self) -> None:
        """End the thread and forget the snapshot; the next read starts again."""
        with self._lock:
            self._stopping.set()
            if self._thread is not None:
                self._thread.join()
        self.reset()

    def reset(self) -> None:
        """Begin as in a new process. A forked child does: it has neither the thread nor the holder of the lock."""
        self._lock = Lock()
        self._snapshot: Snapshot | None = None
        self._first, self._stopping = Event(), Event()
        self._thread: Thread | None = None

    def _is_kept(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _start(self) -> None:
        self._thread = Thread(target=self._keep, name="configuration", daemon=True)
        self._thread.start()

    def _keep(self) -> None:
        try:
            while not self._stopping.is_set():
                self._poll()
                self._stopping.wait(POLL_INTERVAL_SECONDS)
        finally:
            connection.close()

    def _poll(self) -> None:
        known = self._snapshot
        try:
            fresh = self._load(known.revision if known else None)
        except DatabaseError as error:
            connection.close()  # broken or not: the next poll opens a new one
            details = {"event": "db_connection_failed", "error": str(error).strip()}
            logger.warning("configuration not read", extra=details)
            return
        if fresh is None:
            return
        self._snapshot = fresh
        self._first.set()
        if known is not None and (keys := fresh.differences(known)):
            _send_changed(keys)


def _send_changed(keys: frozenset[str]) -> None:
    for receiver, answer in config_changed.send_robust(sender=Reader, keys=keys):
        if isinstance(answer, Exception):
            logger.error(
                "receiver of config_changed failed",
                exc_info=answer,
                extra={"event": "hook_failed", "receiver": repr(receiver)},
            )


_reader: Reader | None = None


def use(load: Load) -> None:
    """Where snapshots come from. Called once, when Django has started."""
    global _reader
    _reader = Reader(load)
    os.register_at_fork(after_in_child=_reader.reset)


def forget() -> None:
    """Forget the snapshot, so that the next get() reads the database."""
    if _reader is not None:
        _reader.stop()


def get(key: str) -> Value | None:
    """The value of a key in its type: of the environment, else the database, else the catalogue's default.

    At most a second behind what was committed. None for an optional key that nobody has set.
    Raises UnknownKey, SecretUnreadable, or ConfigurationUnavailable where the database was never reached.
    """
    if _reader is None:
        raise ConfigurationUnavailable
    values = _reader.snapshot().values
    if key not in values:
        raise UnknownKey(key)
    value = values[key]
    if isinstance(value, SecretUnreadable):
        raise SecretUnreadable(key)
    return value
