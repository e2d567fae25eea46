"""PostgreSQL is killed, freezes, or is reached through a pooler."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import psycopg2

from taskrunner.devserver.embedded import EmbeddedServers
from tests.chaos.figures import figures
from tests.chaos.world import WORKERS, World
from tests.pooled.bouncer import running_bouncer


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


def postgres_frozen(world: World, servers: EmbeddedServers, scale: float) -> dict[str, Any]:
    """PostgreSQL is stopped for 7 s, for 20 s, and three times under the same long tasks, and answers again."""
    once, thrice = ([7.0, 20.0], [7.0] * 3) if scale >= 1 else ([], [6.0] * 3)
    canaries = []
    for freezes in [once[:1], once[1:], thrice] if once else [thrice]:
        long = world.submit_long(WORKERS - 1, sum(freezes) + 2 * len(freezes) + 2)
        for seconds in freezes:
            world.submit(50)
            with frozen(servers):
                time.sleep(seconds)
            canaries.append(world.canary_seconds())
            time.sleep(1)
        world.heal()
        assert world.executions_of(long) == len(long), "a long task was begun again"
    return {"freezes_seconds": once + thrice, "canary_seconds_after": figures(canaries)}


@contextmanager
def frozen(servers: EmbeddedServers) -> Iterator[None]:
    """Every process of PostgreSQL is stopped, as if its machine had lost its disk, or the network its way to it."""
    postmaster = psutil.Process(servers.postgres.pid)
    postmaster.suspend()  # first, so that it forks no more
    stopped = [postmaster, *postmaster.children()]
    for process in stopped[1:]:
        process.suspend()
    try:
        assert not _answers(servers), "PostgreSQL was stopped and answered"
        yield
    finally:
        for process in reversed(stopped):
            process.resume()


def _answers(servers: EmbeddedServers) -> bool:
    try:
        psycopg2.connect(servers.postgres.url("app"), connect_timeout=2).close()
    except psycopg2.OperationalError:
        return False
    return True


def pooled(world: World, servers: EmbeddedServers, scale: float) -> dict[str, Any]:
    """kill -9 of workers that reach PostgreSQL through PgBouncer in transaction mode."""
    count = max(8, int(60 * scale))
    canaries = []
    with running_bouncer() as bouncer:
        world.restart(DATABASE_URL=bouncer.url)
        assert bouncer.log.read_text().count("login attempt") > WORKERS, "the workers did not come through the pooler"
        for _ in range(count):
            world.submit(50)
            world.wait_for_executions()
            world.kill("worker")
            canaries.append(world.canary_seconds())
        world.heal()
        world.restart()
    return {"kills": count, "canary_seconds": figures(canaries)}
