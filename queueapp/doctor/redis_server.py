"""Redis: reachable, and keeping what it is given."""

from collections.abc import Iterator

import redis

from queueapp.doctor.finding import Finding, fault, ok, warning
from queueapp.redis.connections import redis_client


def check() -> Iterator[Finding]:
    try:
        # INFO, because managed servers forbid CONFIG
        policy = redis_client().info("memory").get("maxmemory_policy")
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
