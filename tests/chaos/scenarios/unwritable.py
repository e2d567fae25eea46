"""PostgreSQL takes no writes for a while: it is read-only, or a standby that is promoted later."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, connection

from queueapp.db import driver
from taskrunner.devserver.embedded import EmbeddedServers
from taskrunner.devserver.embedded.postgres import DATABASE, PostgresServer
from tests.chaos.figures import figures
from tests.chaos.site import Site, site
from tests.chaos.standby import Pair, ask, running_pair
from tests.chaos.world import WORKERS, World
from tests.waiting import threads

RENEWABLE_SECONDS = 20  # no lease runs out in less
HEALTH_KNOWN_SECONDS = 1.5  # it looks once a second


def read_only(world: World, servers: EmbeddedServers, scale: float) -> dict[str, Any]:
    """As a managed host makes a server with a full disk: all sessions at once, then those that begin meanwhile."""
    postgres = servers.postgres
    everywhere, for_new_sessions = ([5, 20, 40], [5, 20]) if scale >= 1 else ([3], [3])
    faults = [(_all_sessions, seconds) for seconds in everywhere]
    faults += [(_new_sessions, seconds) for seconds in for_new_sessions]
    writable, canaries = [], []
    with site(world) as web:
        web.submit()
        for turn, seconds in faults:
            workers = _workers(world)
            is_short = seconds <= RENEWABLE_SECONDS
            long = world.submit_long(WORKERS - 1, seconds + 2)
            world.submit(200)
            world.wait_for_executions()
            turn(postgres, "SET {} = on")
            _refuse_for(web, seconds)
            turn(postgres, "RESET {}")
            writable.append(web.seconds_until_accepted(time.monotonic()))
            canaries.append(world.canary_seconds())
            world.heal()
            if is_short:
                assert world.executions_of(long) == len(long), "a long task was begun again"
                assert _workers(world) == workers, "a worker was replaced"
    return {
        "seconds": everywhere + for_new_sessions,
        "answers": dict(web.statuses),
        "writable_after_seconds": figures(writable),
        "canary_seconds_after": figures(canaries),
    }


def _all_sessions(postgres: PostgresServer, change: str) -> None:
    ask(postgres, "ALTER SYSTEM " + change.format("default_transaction_read_only"))
    ask(postgres, "SELECT pg_reload_conf()")


def _new_sessions(postgres: PostgresServer, change: str) -> None:
    """Those that are there end, so that all of ours begin in this time, and stay so when it is over."""
    ask(postgres, f"ALTER DATABASE {DATABASE} " + change.format("default_transaction_read_only"))
    if change.startswith("SET"):
        ask(postgres, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'taskrunner_app'")
        connection.close()


def _refuse_for(web: Site, seconds: float) -> None:
    """Submissions are refused in the right words meanwhile, reading goes on, and health says what is wrong."""
    began = time.monotonic()
    while web.submit() == 202:  # a server takes a moment to hear of it
        assert time.monotonic() - began < seconds, "the fault did not take place"
    while time.monotonic() - began < seconds:
        assert web.submit() == 503
        assert web.read() == 200
        health = web.health()
        if time.monotonic() - began > HEALTH_KNOWN_SECONDS:
            assert (health["status"], health["db"]) == ("failed", "failed")
        time.sleep(0.1)


def _workers(world: World) -> set[object]:
    return {worker.id for worker in world.cluster.live_workers()}


def standby_promoted(world: World, servers: EmbeddedServers, scale: float) -> dict[str, Any]:
    """The primary is killed, or shut down, and everybody led to its standby, which takes writes a while later."""
    rounds = 4 if scale >= 1 else 2  # an even number: the first server is the primary again
    writable, canaries = [], []
    with running_pair(servers.postgres, world.directory / "second") as pair, _led_by(pair, world):
        _conflict_with_recovery(pair)
        with site(world, DATABASE_URL=pair.url) as web:
            web.submit()
            workers = _workers(world)
            for number in range(rounds):
                world.submit(200)
                world.wait_for_executions()
                pair.primary.stop() if number % 2 else pair.primary.kill()
                pair.lead(pair.standby)
                _refuse_for(web, 3)
                pair.promote()
                began = time.monotonic()  # PostgreSQL's own promotion may take seconds
                writable.append(web.seconds_until_accepted(began))
                world.reconnect()
                canaries.append(world.canary_seconds())
                pair.rejoin()
                world.heal()
            assert _workers(world) == workers, "a worker was replaced"
    return {
        "promotions": rounds,
        "answers": dict(web.statuses),
        "writable_after_seconds": figures(writable),
        "canary_seconds_after": figures(canaries),
    }


@contextmanager
def _led_by(pair: Pair, world: World) -> Iterator[None]:
    """The cluster and this process come to the database by the pair's address."""
    before = connection.settings_dict["HOST"]
    world.restart(DATABASE_URL=pair.url)
    connection.settings_dict["HOST"] = str(pair.address)
    world.reconnect()
    try:
        yield
    finally:
        connection.settings_dict["HOST"] = before
        world.reconnect()
        world.restart()


def _conflict_with_recovery(pair: Pair) -> None:
    """A statement that a standby cancels, for it is in the way of the primary's changes, is the database's fault."""
    with threads(1) as run:
        reading = run(_read_slowly, pair.standby)
        while not reading.done():
            ask(pair.primary, "BEGIN; LOCK TABLE django_migrations IN ACCESS EXCLUSIVE MODE; COMMIT")
            time.sleep(0.1)
        error = reading.exception()
    assert isinstance(error, DatabaseError) and "conflict with recovery" in str(error), error
    assert driver.is_unavailable(error)


def _read_slowly(server: PostgresServer) -> None:
    database = connection.copy()
    database.settings_dict["HOST"] = str(server.sockets)
    try:
        with database.cursor() as cursor:
            cursor.execute("SELECT count(*), pg_sleep(60) FROM django_migrations")
    finally:
        database.close()
