"""The peers on the same servers with the same work, each at its defaults and at one documented better setting."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.database_fixture import DatabaseFixture
from benchmarks.machine import ROOT
from benchmarks.report import Measurement, Table
from queueapp.redis.connections import redis_client
from taskrunner.devserver.embedded.postgres import PORT, SUPERUSER

HERE = Path(__file__).parent
VENV = HERE / ".venv"
SETTINGS = ("defaults", "better")


class PeerFailed(Exception):
    """A peer did not get through its measurement; a result too, so the others go on."""


@dataclass(frozen=True)
class Contender:
    name: str
    adapter: str
    better: str  # that setting, in words
    environment: dict[str, str] = field(default_factory=dict)


DJANGO = {"DJANGO_SETTINGS_MODULE": "benchmarks.adapters.settings"}
DJANGO_Q2 = "CONN_MAX_AGE None, queue_limit 500, recycle 1,000,000"
CELERY = "CONN_MAX_AGE None, prefetch 64, no gossip, mingle and heartbeat"

CONTENDERS = (
    Contender("django-q2, Redis", "django_q2", DJANGO_Q2, DJANGO),
    Contender("django-q2, ORM", "django_q2", f"{DJANGO_Q2}, bulk 50", {**DJANGO, "PEER_BROKER": "orm"}),
    Contender("Celery, results in PostgreSQL", "celery", CELERY, DJANGO),
    Contender("Procrastinate", "procrastinate", "4 processes of concurrency 10 instead of 1 of 1"),
)
COLUMNS = ["peer", "setting", "done/s", "runs", "submit/s, single", "submit/s, bulk", "latency p50 / p95 / p99 ms"]


def measure(fixture: DatabaseFixture) -> Measurement:
    rows = []
    for contender in CONTENDERS:
        for setting in SETTINGS:
            try:
                found = drive(fixture, contender, setting, "speed")
            except PeerFailed as error:
                rows.append([contender.name, setting, f"FAILED: {error}", "", "", "", ""])
                continue
            waits = [round(wait, 1) for wait in found["latency_ms"].values()]
            numbers = [found["rate"], found["runs"], found["submit_single"], found["submit_bulk"], waits]
            rows.append([contender.name, setting, *numbers])
    better = [[contender.name, contender.better] for contender in CONTENDERS]
    return Measurement(tables=[Table("peers", COLUMNS, rows), Table("better settings", ["peer", "what"], better)])


def drive(fixture: DatabaseFixture, contender: Contender, setting: str, what: str) -> dict[str, Any]:
    """Run the adapter in the peers' environment, on a database of its own and an empty Redis. Raises PeerFailed."""
    make_environment()
    print(f"  {contender.name}, {setting}", flush=True)
    redis_client().flushall()
    fixture.administer("DROP DATABASE IF EXISTS peer (FORCE)", "CREATE DATABASE peer")
    with TemporaryDirectory(prefix="taskrunner-peer-") as directory:
        marks = Path(directory) / "marks"
        arguments = [contender.adapter, what, str(marks), str(fixture.seconds), str(fixture.runs)]
        done = subprocess.run(
            [str(VENV / "bin" / "python"), "-m", "benchmarks.adapters.drive", *arguments],
            cwd=ROOT,
            env=environment(fixture, contender, setting),
            capture_output=True,
            text=True,
        )
    if done.returncode != 0:
        raise PeerFailed(done.stderr.strip().splitlines()[-1])
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
    }


def make_environment() -> None:
    """Install the peers into benchmarks/.venv, unless what is there is what requirements.txt asks for."""
    wanted = hashlib.sha256((HERE / "requirements.txt").read_bytes()).hexdigest()
    stamp = VENV / "installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", str(HERE / "requirements.txt")], check=True)
    stamp.write_text(wanted)
