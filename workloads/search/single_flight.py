"""One call for many: an answer is kept in Redis for a while, and whoever asks the same meanwhile waits for it.

Without Redis everybody asks for himself.
"""

import logging
import time
from collections.abc import Callable

import redis
from pydantic import ValidationError
from redis.exceptions import LockError

from queueapp.redis import notifier
from workloads.search.providers import Answer, ProviderError
from workloads.search.settings import settings

logger = logging.getLogger(__name__)

# Longer than a call may take, the wait for its turn included: who holds the lock for longer is dead.
LOCK_SECONDS = 30
# Long enough to outlive one dead holder and then a slow one.
WAIT_SECONDS = 50
POLL_EVERY_SECONDS = 0.05


Call = Callable[[], Answer]
Check = Callable[[], None]


def fetch_once(key: str, call: Call, *, fresh: bool, check_cancelled: Check) -> tuple[Answer, bool]:
    """The answer of this key, and whether it was another call's; `fresh` takes no earlier one.

    Raises what the call raises, and ProviderError after 50 s of waiting for the calls of others.
    """
    if settings.cache_ttl_seconds == 0:
        return call(), False
    try:
        if fresh:
            return _keep(key, call()), False
        return _take_or_call(key, call, check_cancelled)
    except redis.RedisError as error:
        logger.warning("search without its cache", extra={"event": "redis_error", "error": str(error)})
        return call(), False


def _take_or_call(key: str, call: Call, check_cancelled: Check) -> tuple[Answer, bool]:
    lock = notifier.client().lock(f"{key}:lock", timeout=LOCK_SECONDS)
    gives_up = time.monotonic() + WAIT_SECONDS
    while True:
        if (answer := _read(key)) is not None:
            return answer, True
        if lock.acquire(blocking=False):
            break
        if time.monotonic() > gives_up:
            raise ProviderError("the same is being asked elsewhere, without an answer yet")
        check_cancelled()
        time.sleep(POLL_EVERY_SECONDS)
    try:
        # the answer may have come between the look and the lock
        if (answer := _read(key)) is not None:
            return answer, True
        return _keep(key, call()), False
    finally:
        _release(lock)


def _read(key: str) -> Answer | None:
    found = notifier.client().get(key)
    try:
        return Answer.model_validate_json(found) if found else None
    except ValidationError:  # of another version of this code
        return None


def _keep(key: str, answer: Answer) -> Answer:
    try:
        notifier.client().set(key, answer.model_dump_json(), ex=settings.cache_ttl_seconds)
    except redis.RedisError as error:
        # here and not above: the call was made, and must not be made again
        logger.warning("search not kept", extra={"event": "redis_error", "error": str(error)})
    return answer


def _release(lock: redis.lock.Lock) -> None:
    try:
        lock.release()
    except LockError:
        pass  # it took so long that the lock ended by itself, and may be another's by now
    except redis.RedisError as error:
        logger.warning("search lock not released", extra={"event": "redis_error", "error": str(error)})
