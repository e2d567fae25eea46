"""Single flight: one call serves all processes that need the same response, and Redis keeps it for a while.

Without Redis each process makes its own call.
"""

import logging
import time
from collections.abc import Callable

import redis
from pydantic import ValidationError
from redis.exceptions import LockError

from queueapp.redis import signed_values
from queueapp.redis.connections import failure_event, redis_client, redis_key
from workloads.search.providers import ProviderError, ProviderResponse
from workloads.search.settings import settings

logger = logging.getLogger(__name__)

# Longer than a call may take, the wait for its turn included: a process that holds the lock for longer is dead.
LOCK_SECONDS = 30
# Long enough to outlive one dead holder and then a slow one.
WAIT_SECONDS = 50
POLL_INTERVAL_SECONDS = 0.05


Call = Callable[[], ProviderResponse]
Check = Callable[[], None]


def fetch_once(key: str, call: Call, *, fresh: bool, check_cancelled: Check) -> tuple[ProviderResponse, bool]:
    """The response of this key, and whether another call made it; with `fresh` no earlier one is taken.

    Raises what the call raises, and ProviderError after waiting 50 s for another process's call.
    """
    if settings.cache_ttl_seconds == 0:
        return call(), False
    key = redis_key(key)
    try:
        if fresh:
            return _keep(key, call()), False
        return _take_or_call(key, call, check_cancelled)
    except redis.RedisError as error:
        logger.warning("search without its cache", extra={"event": failure_event(error), "error": str(error)})
        return call(), False


def _take_or_call(key: str, call: Call, check_cancelled: Check) -> tuple[ProviderResponse, bool]:
    lock = redis_client().lock(f"{key}:lock", timeout=LOCK_SECONDS)
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        if (response := _read(key)) is not None:
            return response, True
        if lock.acquire(blocking=False):
            break
        if time.monotonic() > deadline:
            raise ProviderError("another process is waiting for its answer")
        check_cancelled()
        time.sleep(POLL_INTERVAL_SECONDS)
    try:
        # the response may have come between the read and the lock
        if (response := _read(key)) is not None:
            return response, True
        return _keep(key, call()), False
    finally:
        _release(lock)


def _read(key: str) -> ProviderResponse | None:
    found = signed_values.find(key, settings.cache_ttl_seconds)
    try:
        return ProviderResponse.model_validate_json(found) if found else None
    except ValidationError:  # of another version of this code
        return None


def _keep(key: str, response: ProviderResponse) -> ProviderResponse:
    try:
        signed_values.keep(key, response.model_dump_json(), settings.cache_ttl_seconds)
    except redis.RedisError as error:
        # here and not above: the call was made, and must not be made again
        logger.warning("search not kept", extra={"event": failure_event(error), "error": str(error)})
    return response


def _release(lock: redis.lock.Lock) -> None:
    try:
        lock.release()
    except LockError:
        pass  # it took so long that the lock ended by itself, and may be another's by now
    except redis.RedisError as error:
        logger.warning("search lock not released", extra={"event": failure_event(error), "error": str(error)})
