"""Threads that a handler left running. None can be ended from outside, so its process is replaced."""

import sys
import threading
import time
from _thread import _count as count_threads
from concurrent.futures.thread import _worker as pool_loop

ENDING_SECONDS = 0.1  # what is about to end may do so


class LeftThreads:
    """Compares with the threads of a process as it was when this was made, and as it was found to be in order."""

    def __init__(self) -> None:
        self._known = set(threading.enumerate())
        self._count = count_threads()

    def find(self) -> list[str]:
        """The names of threads that are new, not daemons, and at work."""
        count = count_threads()
        if count == self._count:
            return []
        self._count = count
        deadline = time.monotonic() + ENDING_SECONDS
        left = [thread for thread in threading.enumerate() if self._is_left(thread)]
        for thread in left:
            thread.join(max(0.0, deadline - time.monotonic()))
        return [thread.name for thread in left if thread.is_alive()]

    def _is_left(self, thread: threading.Thread) -> bool:
        return not (thread in self._known or thread.daemon or _waits_for_work(thread))


def _waits_for_work(thread: threading.Thread) -> bool:
    """A thread of an idle ThreadPoolExecutor: libraries keep such a pool for as long as the process lives."""
    frame = sys._current_frames().get(thread.ident or 0)
    return frame is not None and frame.f_code is pool_loop.__code__
