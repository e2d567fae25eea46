"""Redis is emptied, goes away, or freezes."""

import time
from typing import Any

import psutil

from queueapp.redis.connections import redis_client
from taskrunner.devserver.embedded import EmbeddedServers
from tests.chaos.world import World


def redis_flushed(world: World, servers: EmbeddedServers, scale: float) -> dict[str, Any]:
    """FLUSHALL every second while tasks flow."""
    seconds = max(3, int(30 * scale))
    for _ in range(seconds):
        world.submit(100)
        redis_client().flushall()
        time.sleep(1)
    return {"flushes": seconds, "seconds_to_finish": world.heal()}


def redis_stopped(world: World, servers: EmbeddedServers, scale: float) -> dict[str, Any]:
    """Redis goes away while tasks flow, stays away, and comes back."""
    canaries = []
    for phase in ("gone", "back"):
        world.submit(int(500 * max(scale, 0.2)))
        servers.redis.kill() if phase == "gone" else servers.redis.start()
        world.heal()
        canaries.append(world.canary_seconds())
    return {"canary_seconds_while_gone": canaries[0], "canary_seconds_when_back": canaries[1]}


def redis_frozen(world: World, servers: EmbeddedServers, scale: float) -> dict[str, Any]:
    """Redis accepts connections and answers nothing, as behind a black hole; later it answers again."""
    redis = psutil.Process(servers.redis.pid)
    redis.suspend()
    world.submit(int(500 * max(scale, 0.2)))
    canary_while_frozen = world.canary_seconds()
    healed = world.heal()
    redis.resume()
    return {
        "canary_seconds_while_frozen": canary_while_frozen,
        "seconds_to_finish": healed,
        "canary_seconds_when_back": world.canary_seconds(),
    }
