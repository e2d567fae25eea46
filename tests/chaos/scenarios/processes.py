"""Processes are killed, terminated and stopped."""

import signal
import time
from typing import Any

import psutil

from taskrunner.devserver.embedded import EmbeddedServers
from tests.chaos.figures import figures
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


def terminated(world: World, servers: EmbeddedServers, scale: float) -> dict[str, Any]:
    """SIGTERM to the main process and to the whole group, idle and busy: drained, exit 0, soon."""
    rounds = max(4, int(80 * scale))
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
    wanted = max(50, int(500 * scale))
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
