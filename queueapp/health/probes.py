"""Looking at the parts of a deployment, each in a thread of its own: one that hangs holds up nobody who asks."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from django.db import connections

logger = logging.getLogger(__name__)

OK, FAILED, UNKNOWN = "ok", "failed", "unknown"
FRESH_SECONDS = 1.0
DEADLINE_SECONDS = 2.0


class Probe:
    """One part. However many ask, there is at most one look at a time, and one a second."""

    def __init__(self, name: str, look: Callable[[], str]) -> None:
        """`look` returns a word such as `ok`; whatever it raises is logged, and the word is `failed`."""
        self.name = name
        self._look = look
        self._lock = threading.Lock()
        self._word: Future[str] | None = None
        self._looked_at = 0.0

    def ask(self) -> tuple[Future[str], float]:
        """The latest word, perhaps still to come, and until when to wait for it (time.monotonic())."""
        with self._lock:
            age = time.monotonic() - self._looked_at
            if self._word is None or (self._word.done() and age >= FRESH_SECONDS):
                word: Future[str] = Future()
                threading.Thread(target=self._run, args=[word], name=f"probe-{self.name}", daemon=True).start()
                self._word, self._looked_at = word, time.monotonic()
            return self._word, self._looked_at + DEADLINE_SECONDS

    def _run(self, word: Future[str]) -> None:
        try:
            word.set_result(self._look())
        except Exception as error:
            # the asker needs no key, so the reason goes to the log alone
            logger.warning("%s: %s", self.name, error, extra={"event": "health_check_failed", "part": self.name})
            word.set_result(FAILED)
        finally:
            connections.close_all()


def ask_all(probes: Sequence[Probe]) -> dict[str, str]:
    """A word for each part, within two seconds."""
    asked = {probe.name: probe.ask() for probe in probes}
    return {name: _wait(word, until) for name, (word, until) in asked.items()}


def _wait(word: Future[str], until: float) -> str:
    try:
        return word.result(timeout=max(0.0, until - time.monotonic()))
    except TimeoutError:
        return FAILED
