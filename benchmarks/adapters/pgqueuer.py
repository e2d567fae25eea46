"""pgqueuer: jobs in PostgreSQL, three log rows each; the job's own row goes once it is done."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import psycopg
import uvloop
from pgqueuer import AsyncpgDriver, Job, PgQueuer, Queries, run

from benchmarks.adapters import peer

DONE = "SELECT count(*) FROM pgqueuer_log WHERE status = 'successful'"
HELD = "SELECT count(*) FROM pgqueuer"


@asynccontextmanager
async def workers() -> AsyncIterator[PgQueuer]:
    app = PgQueuer(AsyncpgDriver(await asyncpg.connect()))  # where to, libpq's environment variables say

    @app.entrypoint("noop")
    async def noop(job: Job) -> None:
        return None

    @app.entrypoint("clock")
    async def clock(job: Job) -> None:
        peer.clock(*json.loads(job.payload or b""))

    @app.entrypoint("job")
    async def job(job: Job) -> None:
        await peer.waiting_job(*json.loads(job.payload or b""))

    yield app


class PgQueuerPeer(peer.Peer):
    def prepare(self) -> None:
        self.runner = asyncio.Runner()
        self.queries = Queries(AsyncpgDriver(self.runner.run(asyncpg.connect())))
        self.runner.run(self.queries.install())
        self.connection = psycopg.connect(peer.DATABASE_URL, autocommit=True)

    def submit(self, body: str, arguments: list[tuple[Any, ...]]) -> None:
        async def one_by_one() -> None:
            for each in arguments:
                await self.queries.enqueue(body, json.dumps(each).encode())

        self.runner.run(one_by_one())

    def submit_in_bulk(self, body: str, arguments: list[tuple[Any, ...]]) -> None:
        async def many() -> None:
            for start in range(0, len(arguments), 1_000):
                payloads = [json.dumps(each).encode() for each in arguments[start : start + 1_000]]
                await self.queries.enqueue([body] * len(payloads), payloads, [0] * len(payloads))

        self.runner.run(many())

    def worker_commands(self) -> list[list[str]]:
        return [[sys.executable, "-m", "benchmarks.adapters.pgqueuer"]] * (peer.PROCESSES if peer.BETTER else 1)

    def done(self) -> int:
        return peer.number(self.connection, DONE)

    def held(self) -> int:
        return peer.number(self.connection, HELD)


PEER = PgQueuerPeer()

if __name__ == "__main__":
    # as `pgq run` does; that command does not start with the newest typer
    uvloop.run(run(workers, **({"batch_size": 100} if peer.BETTER else {})))
