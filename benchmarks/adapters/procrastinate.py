"""Procrastinate: tasks and outcomes in PostgreSQL."""

import sys
from typing import Any

import psycopg
from procrastinate import App, PsycopgConnector

from benchmarks.adapters import peer

app = App(connector=PsycopgConnector(conninfo=peer.DATABASE_URL))
bodies = {name: app.task(getattr(peer, name), name=name) for name in ("noop", "clock", "job")}


class ProcrastinatePeer(peer.Peer):
    def prepare(self) -> None:
        self.open = app.open()
        self.open.schema_manager.apply_schema()
        self.connection = psycopg.connect(peer.DATABASE_URL, autocommit=True)

    def submit(self, body: str, arguments: list[tuple[Any, ...]]) -> None:
        for each in arguments:
            bodies[body].defer(**named(each))

    def submit_in_bulk(self, body: str, arguments: list[tuple[Any, ...]]) -> None:
        for start in range(0, len(arguments), 1_000):
            bodies[body].batch_defer(*[named(each) for each in arguments[start : start + 1_000]])

    def worker_commands(self) -> list[list[str]]:
        command = [sys.executable, "-m", "procrastinate", "--app", "benchmarks.adapters.procrastinate.app", "worker"]
        return [[*command, "--concurrency", "10"]] * peer.PROCESSES if peer.BETTER else [command]

    def done(self) -> int:
        return self.count("status = 'succeeded'")

    def held(self) -> int:
        return self.count("status <> 'succeeded'")

    def count(self, condition: str) -> int:
        return peer.number(self.connection, f"SELECT count(*) FROM procrastinate_jobs WHERE {condition}")


def named(arguments: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(("path", "number"), arguments, strict=False))


PEER = ProcrastinatePeer()
