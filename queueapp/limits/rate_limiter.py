"""At most so many in any window of time: counted in Redis in one atomic step, and in this process in any case.

The process's own window keeps the limit while Redis is away, and when Redis has lost what it knew. Where far more is
left than is asked for, Redis counts some acceptances ahead: what is not used in time is given back.
"""

import logging
import secrets
import time
from dataclasses import dataclass
from typing import Annotated, TypeVar

import redis
from pydantic import Field, StrictInt, TypeAdapter

from queueapp.limits.local_window import HELD_SECONDS, Grant, LocalWindow
from queueapp.redis.connections import failure_event, redis_key
from queueapp.redis.scripts import Script

logger = logging.getLogger(__name__)

PAUSE_AFTER_FAILURE_SECONDS = 1.0
WINDOWS_KEPT = 10_000
MOST_IN_WINDOW = 10**9  # what Redis says of more is not believed

Count = Annotated[StrictInt, Field(ge=-MOST_IN_WINDOW, le=MOST_IN_WINDOW)]

# One entry for each acceptance, scored by its time. The clock is the server's, the same for all processes. Several are
# granted at once while a hundred times as many are left, scored by the last moment at which they may be used: so no
# window ever holds too many. What comes behind the token is given back. What is scored later than a grant can be is
# from before the server's clock was set back, and would count until that time comes again.
TAKE = Script(
    """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local limit, window, wanted, held = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
for given_back = 6, #ARGV do
    redis.call('ZREM', KEYS[1], ARGV[given_back])
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
redis.call('ZREMRANGEBYSCORE', KEYS[1], string.format('(%.0f', now + held), '+inf')
local left = limit - redis.call('ZCARD', KEYS[1])
local granted = math.min(left, math.max(1, math.min(wanted, math.floor(left / 100))))
for number = 1, granted do
    redis.call('ZADD', KEYS[1], granted > 1 and now + held or now, ARGV[5] .. ':' .. number)
end
redis.call('PEXPIRE', KEYS[1], math.ceil((window + held) / 1000))
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] or now
return {math.max(0, granted), left - granted, oldest + window - now}
""",
    TypeAdapter(tuple[Count, Count, StrictInt]),
)

COUNT = Script(
    """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
return redis.call('ZCOUNT', KEYS[1], string.format('(%.0f', now - ARGV[1]), now + ARGV[2])
""",
    TypeAdapter(Count),
)

GIVE_BACK = Script("return redis.call('ZREM', KEYS[1], ARGV[1])", TypeAdapter(Count))

T = TypeVar("T")

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


_windows: dict[str, LocalWindow] = {}


def take(name: str, limit: int, window_seconds: int = 60) -> Allowance:
    """Ask to pass: at most `limit` of a name are granted in any window. Never raises."""
    window = _window(name)
    ahead = window.ahead.take()
    token = ahead.token if ahead else _token(secrets.token_hex(8), 1)
    left, reset = window.take(limit, window_seconds, token)
    if left < 0 and ahead is not None:
        window.ahead.give_back(ahead.token)
    if left >= 0 and (answer := ahead or _take_in_redis(window, name, limit, window_seconds, token)) is not None:
        left, reset = answer.left, answer.reset_seconds
        if left < 0:
            window.give_back(token)
    return Allowance(name, limit, window_seconds, max(0, left), max(0.0, reset), token if left >= 0 else None)


def taken(name: str, window_seconds: int = 60) -> int:
    """How many of a name were granted in the window that ends now. Never raises."""
    elsewhere = _in_redis(COUNT, name, _microseconds(window_seconds), _microseconds(HELD_SECONDS))
    window = _window(name)
    return max((elsewhere or 0) - window.ahead.unused(), window.taken(window_seconds))


def give_back(allowance: Allowance) -> None:
    """What was granted did not happen: it shall not count."""
    if allowance.token is None:
        return
    window = _window(allowance.name)
    window.give_back(allowance.token)
    if _in_redis(GIVE_BACK, allowance.name, allowance.token) is None:
        window.ahead.give_back(allowance.token)


def forget() -> None:
    """Empty this process's windows."""
    _windows.clear()


def _take_in_redis(window: LocalWindow, name: str, limit: int, window_seconds: int, token: str) -> Grant | None:
    """What Redis grants, with −1 left for a refusal; None while it is away. What it grants beyond is kept for later."""
    wanted, until, expired = window.ahead.next_request()
    stem, microseconds = token.partition(":")[0], _microseconds(window_seconds)
    answer = _in_redis(TAKE, name, limit, microseconds, wanted, _microseconds(HELD_SECONDS), stem, *expired)
    if answer is None:
        return None
    granted, left, reset_microseconds = min(answer[0], wanted), min(max(answer[1], 0), limit), answer[2]
    reset = min(max(reset_microseconds, 0), microseconds) / 1_000_000
    window.ahead.add([_token(stem, number) for number in range(2, granted + 1)], until, left, reset)
    return Grant(token, left + granted - 1 if granted > 0 else -1, reset)


def _token(stem: str, number: int) -> str:
    """As the script names them."""
    return f"{stem}:{number}"


def _microseconds(seconds: float) -> int:
    return int(seconds * 1_000_000)


def _in_redis(script: Script[T], name: str, *arguments: int | str) -> T | None:
    """What a script answers about a name; None while Redis is away, or answers nonsense."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return None
    try:
        return script.run(_key(name), *arguments)
    except redis.RedisError as error:
        # one time-out a second at most, so that requests stay fast while Redis is away
        _silent_until = time.monotonic() + PAUSE_AFTER_FAILURE_SECONDS
        logger.warning("limits kept in this process alone", extra={"event": failure_event(error), "error": str(error)})
        return None


def _window(name: str) -> LocalWindow:
    if len(_windows) >= WINDOWS_KEPT:
        _windows.clear()
    return _windows.setdefault(name, LocalWindow())


def _key(name: str) -> str:
    return redis_key("limit", name)
