"""Somebody steps the clock of the workers' machine, or that of PostgreSQL."""

import time
from typing import Any

from django.db import connection

from taskrunner.devserver.embedded import EmbeddedServers
from tests.chaos.figures import figures
from tests.chaos.stepped_clock import SteppedClock, SteppedPostgres
from tests.chaos.world import WORKERS, World

HOUR = 3600
OFFSETS = (1, 0, -1, 0, HOUR, 0, -HOUR, 0)
SECONDS_BETWEEN = {1: 5.0, HOUR: 15.0}  # by the size of the step; after an hour's one leases are judged later


def clock_stepped(world: World, servers: EmbeddedServers, scale: float) -> dict[str, Any]:
    """The wall clock of the cluster, then PostgreSQL's, is stepped by 1 s and 1 h, forth and back, under long tasks."""
    machine, database = (SteppedClock(world.directory, name) for name in ("machine", "database"))
    servers.postgres.stop()
    servers.postgres = SteppedPostgres(servers.postgres, database)
    servers.postgres.start()
    world.reconnect()
    world.restart(**machine.variables)
    canaries: dict[str, list[float]] = {}
    for side, clock, read in (("machine", machine, _machine_time), ("postgres", database, _postgres_time)):
        before = 0
        for offset in OFFSETS if scale >= 1 else ((1, 0) if side == "machine" else (HOUR, 0)):
            step, before = offset - before, offset
            _under_load(world, clock, offset, SECONDS_BETWEEN[abs(step)] * min(1.0, max(scale, 0.3)))
            difference = read(world) - time.time()
            assert abs(difference - offset) < 0.9, f"{side} is {difference} s ahead, and should be {offset} s"
            canaries.setdefault(f"{side} {step:+d} s", []).append(world.canary_seconds())
    world.heal()
    return {"steps": {name: figures(times) for name, times in canaries.items()}}


def _under_load(world: World, clock: SteppedClock, offset: int, seconds: float) -> None:
    """Step the clock while all workers but one run a long task, and wait while short ones flow."""
    world.submit_long(WORKERS - 1, seconds + 1)
    clock.set(offset)
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        world.submit(20)
        time.sleep(0.5)


def _machine_time(world: World) -> float:
    return float(world.result_of(world.submit_one("sample.wall_clock")))


def _postgres_time(world: World) -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        return float(cursor.fetchone()[0])
