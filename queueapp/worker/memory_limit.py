"""How much memory a worker process has gained since it was ready. What its code and its libraries take is no reason."""

import logging
import os
import time
from pathlib import Path

from queueapp import conf

logger = logging.getLogger(__name__)

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
LOOK_AGAIN_SECONDS = 0.5


class MemoryLimit:
    """Made when the worker is ready."""

    def __init__(self) -> None:
        self._base_mb = resident_mb()
        self._looked_at = time.monotonic()
        self.is_exceeded = False

    def check(self) -> bool:
        """Whether the process must be replaced; looks at most twice a second."""
        now = time.monotonic()
        if self.is_exceeded or now - self._looked_at < LOOK_AGAIN_SECONDS:
            return self.is_exceeded
        self._looked_at = now
        now_mb = resident_mb()
        if now_mb - self._base_mb > conf.settings.worker_max_memory_mb:
            self.is_exceeded = True
            logger.warning(
                "worker replaced: it was ready with %d MB and has %d MB now",
                self._base_mb,
                now_mb,
                extra={"event": "worker_replaced", "base_mb": round(self._base_mb), "now_mb": round(now_mb)},
            )
        return self.is_exceeded


def resident_mb() -> float:
    """What this process holds in memory now."""
    pages = int(Path("/proc/self/statm").read_bytes().split()[1])
    return pages * PAGE_BYTES / 2**20
