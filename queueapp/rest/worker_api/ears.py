"""Hears the doorbell for all long polls of this process in one thread, taking no ring away from other workers."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from queueapp.redis import notifier


class Ears:
    """Sets the event of everybody who listens to a queue when the bell of that queue rings."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: list[tuple[frozenset[str], threading.Event]] = []
        self._thread: threading.Thread | None = None

    @contextmanager
    def listening(self, queues: Sequence[str]) -> Iterator[threading.Event]:
        """Yields an event that is set with every ring. Rings may be missed, as ever: look now and then."""
        rung = threading.Event()
        listener = (frozenset(queues), rung)
        with self._lock:
            self._listeners.append(listener)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._hear, name="ears", daemon=True)
                self._thread.start()
        try:
            yield rung
        finally:
            with self._lock:
                self._listeners.remove(listener)

    def _hear(self) -> None:
        """Until nobody listens any more."""
        with closing(notifier.rings()) as rings:
            for queue in rings:
                with self._lock:
                    if not self._listeners:
                        self._thread = None
                        return
                    listeners = list(self._listeners)
                for queues, rung in listeners:
                    if queue in queues:
                        rung.set()


ears = Ears()
