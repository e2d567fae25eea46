"""Values that Redis keeps for a while and people are shown: signed with SECRET_KEY, so that none is anybody else's.

The signature covers the key, which names the tenant where the value is a tenant's own, and the time: a value that
was copied to another key, or put back after its time, is not there.
"""

import logging

from django.core.signing import BadSignature, TimestampSigner
from pydantic import StrictBytes, TypeAdapter

from queueapp.redis.connections import redis_client
from queueapp.redis.replies import expect

logger = logging.getLogger(__name__)

KEPT = TypeAdapter(StrictBytes | None)


def keep(key: str, text: str, seconds: int) -> None:
    """Raises RedisError."""
    redis_client().set(key, TimestampSigner(salt=key).sign(text), ex=seconds)


def find(key: str, seconds: int) -> str | None:
    """What `keep` kept for so long; None where there is nothing, or nothing of ours. Raises RedisError."""
    kept = expect(KEPT, redis_client().get(key))
    if kept is None:
        return None
    try:
        return TimestampSigner(salt=key).unsign(kept.decode(), max_age=seconds)
    except (BadSignature, UnicodeDecodeError):
        # also of another SECRET_KEY, as after a rotation without SECRET_KEY_FALLBACKS
        logger.warning("a value in Redis is not ours", extra={"event": "redis_error", "key": key})
        return None
