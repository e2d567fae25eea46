"""The peers on the same servers with the same work, each at its defaults and at one documented better setting."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.database_fixture import DatabaseFixture
from benchmarks.environments import python_for
from benchmarks.machine import ROOT
from benchmarks.report import Measurement, Table
from queueapp.redis.connections import redis_client
from taskrunner.devserver.embedded.postgres import PORT, SUPERUSER


class PeerFailed(Exception):
    """A peer did not get through its measurement; a result too, so the others go on."""


@dataclass(frozen=True)
class Contender:
    name: str
    adapter: str
    better: str  # that setting, in words
    environment: dict[str, str] = field(default_factory=dict)
    settings: tuple[str, ...] = ("defaults", "better")


DJANGO = {"DJANGO_SETTINGS_MODULE": "benchmarks.adapters.settings"}
DJANGO_Q2 = "CONN_MAX_AGE None, queue_limit 500, recycle 1,000,000"
CELERY = "CONN_MAX_AGE None, prefetch 64, no gossip, mingle and heartbeat"

PGQUEUER = Contender("pgqueuer", "pgqueuer", "a process for each core, batch_size 100, instead of 1 of 10")
GRAPHILE_WORKER = "a process for each core, concurrency 24, localQueue 500, completion in batches, instead of 1 of 1"
CONTENDERS = (
    Contender("django-q2, Redis", "django_q2", DJANGO_Q2, DJANGO),
    Contender("django-q2, ORM", "django_q2", f"{DJANGO_Q2}, bulk 50", {**DJANGO, "PEER_BROKER": "orm"}),
    Contender("Celery, results in PostgreSQL", "celery", CELERY, DJANGO),
    Contender("Procrastinate", "procrastinate", "a process for each core, of concurrency 10, instead of 1 of 1"),
    Contender("Oban", "oban", "a process for each core, 100 at once, instead of 1 of 10"),
    PGQUEUER,
    Contender("graphile-worker, keeps no outcome", "graphile_worker", GRAPHILE_WORKER),
    Contender("bare SKIP LOCKED, no log", "bare_loop", "20 a round, a process for each core", settings=("better",)),
)
COLUMNS = [
    *("peer", "setting", "done/s", "runs", "submit/s, single", "submit/s, bulk", "latency p50 / p95 / p99 ms"),
    "B waiting / finished, PostgreSQL",
]


def measure(fixture: DatabaseFixture) -> Measurement:
    rows: list[list[Any]] = []
    for contender in CONTENDERS:
        for setting in contender.settings:
            try:
                found = drive(fixture, contender, setting, "speed")
            except PeerFailed as error:
                rows.append([contender.name, setting, f"FAILED: {error}", "", "", "", "", ""])
                continue
            waits = [round(wait, 1) for wait in found["latency_ms"].values()]
            numbers = [found["rate"], found["runs"], found["submit_single"], found["submit_bulk"], waits]
            sizes = [round(found[f"{what}_bytes"]) for what in ("waiting", "finished")]
            rows.append([contender.name, setting, *numbers, sizes])
    better = [[contender.name, contender.better] for contender in CONTENDERS]
    return Measurement(tables=[Table("peers", COLUMNS, rows), Table("better settings", ["peer", "what"], better)])


def drive(fixture: DatabaseFixture, contender: Contender, setting: str, what: str, runs: int = 0) -> dict[str, Any]:
    """Run the adapter in the peers' environment, on a database of its own and an empty Redis. Raises PeerFailed."""
    try:
        python = python_for(contender.adapter)
    except (subprocess.CalledProcessError, FileNotFoundError) as error:
        raise PeerFailed(f"cannot be installed: {error}") from error
    print(f"  {contender.name}, {setting}", file=sys.stderr, flush=True)
    redis_client().flushall()
    fixture.administer("DROP DATABASE IF EXISTS peer (FORCE)", "CREATE DATABASE peer")
    with TemporaryDirectory(prefix="taskrunner-peer-") as directory:
        marks = Path(directory) / "marks"
        arguments = [contender.adapter, what, str(marks), str(fixture.seconds), str(runs or fixture.runs)]
        done = subprocess.run(
            [str(python), "-m", "benchmarks.adapters.drive", *arguments],
            cwd=ROOT,
            env=environment(fixture, contender, setting),
            capture_output=True,
            text=True,
        )
    if done.returncode != 0:
        raise PeerFailed((done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1])
    return dict(json.loads(done.stdout.splitlines()[-1]))


def environment(fixture: DatabaseFixture, contender: Contender, setting: str) -> dict[str, str]:
    postgres = fixture.servers.postgres
    return {
        **contender.environment,
        "PATH": os.environ["PATH"],
        "PEER_DATABASE_URL": (
            f"postgresql://{SUPERUSER}:{postgres.passwords['superuser']}@:{PORT}/peer?host={postgres.sockets}"
        ),
        "PEER_REDIS_URL": fixture.servers.redis.url,
        "PEER_SETTING": setting,
        # for a driver that does not take a socket in an address
        "PGHOST": str(postgres.sockets),
        "PGPORT": str(PORT),
        "PGUSER": SUPERUSER,
        "PGPASSWORD": postgres.passwords["superuser"],
        "PGDATABASE": "peer",
    }
