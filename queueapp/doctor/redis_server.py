"""Redis: reachable, taking what it is given, and keeping it."""

from collections.abc import Iterator

import redis

from queueapp.doctor.finding import Finding, fault, ok, warning
from queueapp.redis.connections import redis_client, try_to_write


def check() -> Iterator[Finding]:
    try:
        try_to_write()
        # INFO, because managed servers forbid CONFIG
        policy = redis_client().info("memory").get("maxmemory_policy")
    except redis.ResponseError as error:  # it is full, or a replica, or cannot save what it has
        yield fault(
            "Redis", f"refuses: {error}", fix="give it room, or lead REDIS_URL (or REDIS_HOST, …) to the primary"
        )
        return
    except redis.RedisError as error:
        yield fault("Redis", str(error), fix="start it, or correct REDIS_URL (or REDIS_HOST, …)")
        return
    if policy != "noeviction":
        yield warning(
            "Redis",
            f"its maxmemory-policy is {policy}, so it may drop keys that count",
            fix="redis-cli CONFIG SET maxmemory-policy noeviction, and the same in redis.conf",
        )
        return
    yield ok("Redis", "answers, and evicts nothing")
