"""Runs the sweep of objects now and then, in a thread of its own: a store that hangs must hold up nothing else."""

import logging
import threading
import time

from django.db import Error as DatabaseError
from django.db import connection

from queueapp.artifacts.garbage import sweep
from queueapp.errors import StoreUnavailable

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 30.0


class Sweeper:
    """One sweep at a time in this process; those of other processes do no harm."""

    def __init__(self) -> None:
        self._began_at = float("-inf")
        self._thread: threading.Thread | None = None

    def run_if_due(self) -> None:
        """Never waits."""
        busy = self._thread is not None and self._thread.is_alive()
        if busy or time.monotonic() - self._began_at < SWEEP_SECONDS:
            return
        self._began_at = time.monotonic()
        self._thread = threading.Thread(target=_sweep, name="sweeper", daemon=True)
        self._thread.start()


def _sweep() -> None:
    try:
        sweep()
    except (StoreUnavailable, DatabaseError) as error:
        # what was not swept is due again
        logger.warning("sweep undone", extra={"event": "artifact_sweep_failed", "error": str(error).strip()})
    finally:
        connection.close()
