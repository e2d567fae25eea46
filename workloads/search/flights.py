"""One call for many: an answer is kept in Redis for a while, and whoever asks the same meanwhile waits for it.

Without Redis everybody asks for himself.
"""

import logging
import time
from collections.abc import Callable

import redis
from django.conf import settings
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.types import AwareDatetime
from redis.exceptions import LockError

from queueapp import doorbell
from workloads.search.hits import Hit
from workloads.search.providers import ProviderError

logger = logging.getLogger(__name__)

# Longer than a call may take, the wait for its turn included: who holds the lock for longer is dead.
LOCK_SECONDS = 30
# Long enough to outlive one dead holder and then a slow one.
WAIT_SECONDS = 50
LOOK_EVERY_SECONDS = 0.05


class Kept(BaseModel):
    """A source's answer as it is kept for others."""

    model_config = ConfigDict(frozen=True)

    hits: list[Hit]
    retrieved_at: AwareDatetime


def fetch_once(key: str, call: Callable[[], Kept], *, fresh: bool, pause: Callable[[float], None]) -> tuple[Kept, bool]:
    """The answer of this key, and whether it was another call's; `fresh` takes no earlier one.

    Raises what the call raises, and ProviderError after 50 s of waiting for the calls of others.
    """
    if settings.SEARCH_CACHE_TTL_SECONDS == 0:
        return call(), False
    try:
        if fresh:
            return _keep(key, call()), False
        return _take_or_call(key, call, pause)
    except redis.RedisError as error:
        logger.warning("search without its cache", extra={"event": "redis_error", "error": str(error)})
        return call(), False


def _take_or_call(key: str, call: Callable[[], Kept], pause: Callable[[float], None]) -> tuple[Kept, bool]:
    lock = doorbell.client().lock(f"{key}:lock", timeout=LOCK_SECONDS)
    gives_up = time.monotonic() + WAIT_SECONDS
    while True:
        if (kept := _read(key)) is not None:
            return kept, True
        if lock.acquire(blocking=False):
            break
        if time.monotonic() > gives_up:
            raise ProviderError("the same is being asked elsewhere, without an answer yet")
        pause(LOOK_EVERY_SECONDS)
    try:
        # the answer may have come between the look and the lock
        if (kept := _read(key)) is not None:
            return kept, True
        return _keep(key, call()), False
    finally:
        _release(lock)


def _read(key: str) -> Kept | None:
    found = doorbell.client().get(key)
    try:
        return Kept.model_validate_json(found) if found else None
    except ValidationError:  # of another version of this code
        return None


def _keep(key: str, kept: Kept) -> Kept:
    try:
        doorbell.client().set(key, kept.model_dump_json(), ex=settings.SEARCH_CACHE_TTL_SECONDS)
    except redis.RedisError as error:
        # here and not above: the call was made, and must not be made again
        logger.warning("search not kept", extra={"event": "redis_error", "error": str(error)})
    return kept


def _release(lock: redis.lock.Lock) -> None:
    try:
        lock.release()
    except LockError:
        pass  # it took so long that the lock ended by itself, and may be another's by now
    except redis.RedisError as error:
        logger.warning("search lock not released", extra={"event": "redis_error", "error": str(error)})
