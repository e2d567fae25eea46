"""The scenarios. Each hurts the world, waits until it has healed, and returns figures; the oracle judges afterwards."""

import signal
import statistics
import time
from typing import Any

import psutil

from queueapp.redis.connections import redis_client
from taskrunner.devserver.embedded import EmbeddedServers
from tests.chaos import attached
from tests.chaos.configuration import config_storm, config_survives
from tests.chaos.world import World
from tests.clusters import running_cluster

PARTS = ("worker", "worker", "sentinel", "pusher", "monitor", "main")


def kills(world: World, servers: EmbeddedServers, scale: float) -> dict[str, Any]:
    """kill -9 of random parts of the cluster, idle and busy in turn, while tasks flow; a canary after each."""
    count = max(8, int(200 * scale))
    recovery: dict[str, list[float]] = {}
    for number in range(count):
        mood = "idle" if number % 2 else "busy"
        if mood == "busy":
            world.submit(51)
            world.wait_for_executions()
        else:
            world.heal()
        part = world.random.choice(PARTS)
        world.kill(part)
        recovery.setdefault(f"{mood} {part}", []).append(world.canary_seconds())
    world.heal()
    everything = [seconds for times in recovery.values() for seconds in times]
    return {
        "kills": count,
        "canary_seconds": figures(everything),
        "by_victim": {victim: figures(times) for victim, times in sorted(recovery.items())},
    }


def redis_flushed(world: World, servers: EmbeddedServers, scale: float) -> dict[str, Any]:
    """FLUSHALL every second while tasks flow."""
    seconds = max(3, int(60 * scale))
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


def postgres_restarted(world: World, servers: EmbeddedServers, scale: float) -> dict[str, Any]:
    """PostgreSQL is restarted under load: killed outright, and shut down fast, in turn."""
    restarts = max(2, int(5 * scale))
    recovery = []
    for number in range(restarts):
        world.submit(int(1000 * max(scale, 0.1)))
        world.wait_for_executions()
        if number % 2:
            servers.postgres.restart()
        else:
            servers.postgres.kill()
            servers.postgres.start()
        world.reconnect()
        recovery.append(world.canary_seconds())
        world.heal()
    return {"restarts": restarts, "canary_seconds": figures(recovery)}


def terminated(world: World, servers: EmbeddedServers, scale: float) -> dict[str, Any]:
    """SIGTERM to the main process and to the whole group, idle and busy: drained, exit 0, soon."""
    rounds = max(4, int(200 * scale))
    taken: dict[str, list[float]] = {}
    for number in range(rounds):
        target, mood = ("main", "group")[number % 2], ("busy", "idle")[number // 2 % 2]
        if mood == "busy":
            world.submit(40, most_seconds=0.2)
            world.wait_for_executions()
        else:
            world.heal()
        family = world.cluster.family()
        started = time.monotonic()
        for process in [psutil.Process(world.cluster.main), *(family if target == "group" else [])]:
            process.send_signal(signal.SIGTERM)
        code = world.cluster.process.wait(timeout=60)
        taken.setdefault(f"{mood} {target}", []).append(time.monotonic() - started)
        alive = [process.pid for process in family if process.is_running()]
        if code or alive or world.leased():
            raise AssertionError(f"{mood} {target}: exit {code}, left running {alive}, {world.leased()} tasks leased")
        world.revive()
        world.cluster.wait_ready()
    world.heal()
    return {"rounds": rounds, "seconds_to_exit": {name: figures(times) for name, times in taken.items()}}


def stopped(world: World, servers: EmbeddedServers, scale: float) -> dict[str, Any]:
    """A cluster is stopped until others own its tasks, and continued: it may complete none of them."""
    wanted = max(50, int(1000 * scale))
    held = rounds = 0
    while held < wanted:
        rounds += 1
        world.submit(4_000, most_seconds=0)
        world.wait_for_executions()
        zombies = world.cluster.family()
        workers = [worker.id for worker in world.cluster.live_workers()]
        main = psutil.Process(world.cluster.main)
        for process in [main, *zombies]:
            process.suspend()
        held += world.expire_leases(workers)
        with running_cluster(workers=2):
            world.heal()
            # the workers first: the supervisor would replace a silent cluster before it could do any harm
            for process in [*reversed(zombies), main]:
                process.resume()
            world.canary_seconds()
    return {"rounds": rounds, "attempts_whose_lease_expired_while_stopped": held}


def s3_stopped(world: World, servers: EmbeddedServers, scale: float) -> dict[str, Any]:
    """The object store is stopped for half a minute while tasks attach: they wait or are tried again, and finish."""
    seconds = {"up": max(2, int(10 * scale)), "away": max(4, int(30 * scale)), "back": max(2, int(10 * scale))}
    canaries = {}
    for phase, length in seconds.items():
        if phase == "away":
            world.s3.stop()
        elif phase == "back":
            world.s3.start()
        ends = time.monotonic() + length
        while time.monotonic() < ends:
            world.submit_attaching(20)
            time.sleep(0.5)
        canaries[f"canary_seconds_while_{phase}"] = world.canary_seconds()
    return {"seconds": seconds, **canaries, "seconds_to_finish": world.heal(seconds=300), **attached.judge()}


def figures(times: list[float]) -> dict[str, float]:
    """Median, 95th percentile and maximum in seconds."""
    ordered = sorted(times)
    return {
        "n": len(ordered),
        "p50": round(statistics.median(ordered), 3),
        "p95": round(ordered[int(len(ordered) * 0.95)] if len(ordered) > 1 else ordered[0], 3),
        "max": round(ordered[-1], 3),
    }


SCENARIOS = {
    function.__name__: function
    for function in (
        *(kills, redis_flushed, redis_stopped, redis_frozen, postgres_restarted, terminated, stopped),
        *(s3_stopped, config_storm, config_survives),
    )
}
