"""Redis is emptied, goes away, freezes, or says what it likes."""

import time
from typing import Any

import psutil

from queueapp.redis.connections import redis_client
from taskrunner.devserver.embedded import EmbeddedServers
from tests.chaos.figures import figures
from tests.chaos.site import site
from tests.chaos.world import World
from tests.redis_in_the_middle import honest, maddened, redis_in_the_middle


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


def hostile_redis(world: World, servers: EmbeddedServers, scale: float) -> dict[str, Any]:
    """Whatever is asked of Redis, most answers are nonsense, for a while; then they are true again."""
    phases = 3 if scale >= 1 else 1
    writable, canaries_meanwhile, canaries = [], [], []
    with redis_in_the_middle() as middle:
        world.restart(REDIS_URL=middle.url)
        with site(world, REDIS_URL=middle.url) as web:
            workers = {worker.id for worker in world.cluster.live_workers()}
            for _ in range(phases):
                middle.distort = maddened(world.random)
                ends = time.monotonic() + max(5, 30 * scale)
                while time.monotonic() < ends:
                    world.submit(10)
                    assert web.submit() in (202, 429)
                    assert web.read() == 200
                    assert web.health()["db"] == "ok"
                    time.sleep(0.1)
                canaries_meanwhile.append(world.canary_seconds())
                middle.distort = honest
                writable.append(web.seconds_until_accepted(time.monotonic()))
                canaries.append(world.canary_seconds())
                world.heal()
            assert {worker.id for worker in world.cluster.live_workers()} == workers, "a worker was replaced"
        world.restart()
    return {
        "phases": phases,
        "answers": dict(web.statuses),
        "distorted": middle.distorted,
        "writable_after_seconds": figures(writable),
        "canary_seconds_meanwhile": figures(canaries_meanwhile),
        "canary_seconds_after": figures(canaries),
    }
