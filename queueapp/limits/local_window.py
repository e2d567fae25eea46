"""What this process knows of one limit: when it accepted what, and what Redis has granted it ahead."""

import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

MOST_AHEAD = 50
MOST_GIVEN_BACK = 1_000  # with one request; of more, while Redis was away, the first count for their minute
HELD_SECONDS = 0.1  # what is granted ahead is used within this time, or not at all


@dataclass(frozen=True, slots=True)
class Grant:
    """One acceptance, how many are left after it, and in how many seconds the oldest leaves the window."""

    token: str
    left: int
    reset_seconds: float


class LocalWindow:
    """When this process accepted what, for one name."""

    def __init__(self) -> None:
        self._taken: deque[tuple[float, str]] = deque()
        self._lock = threading.Lock()
        self.ahead = GrantedAhead()

    def take(self, limit: int, seconds: float, token: str) -> tuple[int, float]:
        """How many are left, −1 for a refusal; and in how many seconds the oldest leaves the window."""
        with self._lock:
            now = time.monotonic()
            while self._taken and self._taken[0][0] <= now - seconds:
                self._taken.popleft()
            left = limit - len(self._taken) - 1
            if left >= 0:
                self._taken.append((now, token))
            return left, (self._taken[0][0] + seconds - now if self._taken else seconds)

    def taken(self, seconds: float) -> int:
        with self._lock:
            since = time.monotonic() - seconds
            return sum(at > since for at, _ in self._taken)

    def give_back(self, token: str) -> None:
        with self._lock:
            self._taken = deque(entry for entry in self._taken if entry[1] != token)


class GrantedAhead:
    """Acceptances that Redis has counted already, so that who submits often need not ask each time."""

    def __init__(self) -> None:
        self._ready: deque[tuple[float, str]] = deque()  # each until when it may be used
        self._expired: deque[str] = deque(maxlen=MOST_GIVEN_BACK)
        self._left, self._resets_at = 0, 0.0
        self._size, self._asked_at = 1, float("-inf")
        self._lock = threading.Lock()

    def take(self) -> Grant | None:
        with self._lock:
            now = time.monotonic()
            while self._ready and self._ready[0][0] <= now:
                self._expired.append(self._ready.popleft()[1])
            if not self._ready:
                return None
            _, token = self._ready.popleft()
            return Grant(token, self._left + len(self._ready), self._resets_at - now)

    def give_back(self, token: str) -> None:
        """It was taken and is not used: Redis gets it back with the next request."""
        with self._lock:
            self._expired.append(token)

    def next_request(self) -> tuple[int, float, list[str]]:
        """How many to ask for, until when they may be used, and what expired unused and is to be given back.

        Twice as many as the last time while that is just over; one at a time for who asks seldom.
        """
        with self._lock:
            now = time.monotonic()
            self._size = min(2 * self._size, MOST_AHEAD) if now - self._asked_at < HELD_SECONDS else 1
            self._asked_at = now
            expired = list(self._expired)
            self._expired.clear()
            return self._size, now + HELD_SECONDS, expired

    def add(self, tokens: Iterable[str], until: float, left: int, reset_seconds: float) -> None:
        with self._lock:
            self._ready.extend((until, token) for token in tokens)
            self._left, self._resets_at = left, time.monotonic() + reset_seconds

    def unused(self) -> int:
        with self._lock:
            return len(self._ready) + len(self._expired)
