"""At most so many in any window of time: counted in Redis in one atomic step, and in this process in any case.

The process's own window keeps the limit while Redis is away, and when Redis has lost what it knew.
"""

import logging
import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import redis

from queueapp.redis.connections import redis_client, redis_key
from queueapp.redis.scripts import Script

logger = logging.getLogger(__name__)

PAUSE_AFTER_FAILURE_SECONDS = 1.0
WINDOWS_KEPT = 10_000

# One entry for each acceptance, scored by its time. The clock is the server's, the same for all processes.
TAKE = Script("""
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
local taken = redis.call('ZCARD', KEYS[1])
if taken < limit then
    redis.call('ZADD', KEYS[1], now, ARGV[3])
    redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
    taken = taken + 1
    limit = limit + 1
end
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] or now
return {limit - taken, oldest + window - now}
""")

COUNT = Script("""
local clock = redis.call('TIME')
return redis.call('ZCOUNT', KEYS[1], '(' .. (clock[1] * 1000000 + clock[2] - ARGV[1]), '+inf')
""")

_silent_until = 0.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """The answer to one request to pass: `token` is None where it was refused."""

    name: str
    limit: int
    window_seconds: int
    remaining: int
    reset_seconds: float
    token: str | None

    @property
    def granted(self) -> bool:
        return self.token is not None


class LocalWindow:
    """When this process accepted what, for one name."""

    def __init__(self) -> None:
        self._taken: deque[tuple[float, str]] = deque()
        self._lock = threading.Lock()

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


_windows: dict[str, LocalWindow] = {}


def take(name: str, limit: int, window_seconds: int = 60) -> Allowance:
    """Ask to pass: at most `limit` of a name are granted in any window. Never raises."""
    token = secrets.token_hex(8)
    window = _window(name)
    left, reset = window.take(limit, window_seconds, token)
    if left >= 0 and (answer := _take_in_redis(name, limit, window_seconds, token)) is not None:
        left, reset = answer
        if left < 0:
            window.give_back(token)
    return Allowance(name, limit, window_seconds, max(0, left), max(0.0, reset), token if left >= 0 else None)


def taken(name: str, window_seconds: int = 60) -> int:
    """How many of a name were granted in the window that ends now. Never raises."""
    elsewhere = _in_redis(COUNT, name, window_seconds * 1_000_000)
    return max(int(elsewhere or 0), _window(name).taken(window_seconds))


def give_back(allowance: Allowance) -> None:
    """What was granted did not happen: it shall not count."""
    if allowance.token is None:
        return
    _window(allowance.name).give_back(allowance.token)
    try:
        redis_client().zrem(_key(allowance.name), allowance.token)
    except redis.RedisError as error:
        logger.warning("allowance not given back", extra={"event": "redis_error", "error": str(error)})


def forget() -> None:
    """Empty this process's windows."""
    _windows.clear()


def _take_in_redis(name: str, limit: int, window_seconds: int, token: str) -> tuple[int, float] | None:
    """As LocalWindow.take; None while Redis is away."""
    answer = _in_redis(TAKE, name, limit, window_seconds * 1_000_000, token)
    return None if answer is None else (int(answer[0]) - 1, int(answer[1]) / 1_000_000)


def _in_redis(script: Script, name: str, *arguments: int | str) -> Any:
    """What a script answers about a name; None while Redis is away."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return None
    try:
        return script.run(_key(name), *arguments)
    except redis.RedisError as error:
        # one time-out a second at most, so that requests stay fast while Redis is away
        _silent_until = time.monotonic() + PAUSE_AFTER_FAILURE_SECONDS
        logger.warning("limits kept in this process alone", extra={"event": "redis_error", "error": str(error)})
        return None


def _window(name: str) -> LocalWindow:
    if len(_windows) >= WINDOWS_KEPT:
        _windows.clear()
    return _windows.setdefault(name, LocalWindow())


def _key(name: str) -> str:
    return redis_key("limit", name)
