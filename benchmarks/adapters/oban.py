"""Oban for Python: jobs and outcomes in PostgreSQL. `better` is more at once, in a process for each core."""

import asyncio
import atexit
import sys
from typing import Any

import psycopg
from oban import Job, Oban, schema, worker

from benchmarks.adapters import peer

COUNT = "SELECT count(*) FROM oban_jobs WHERE state {} 'completed'"


@worker(queue="default")
class Noop:
    async def process(self, job: Job) -> None:
        return None


@worker(queue="default")
class Clock:
    async def process(self, job: Job) -> None:
        peer.clock(*job.args["arguments"])


@worker(queue="default")
class WaitingJob:
    async def process(self, job: Job) -> None:
        await peer.waiting_job(*job.args["arguments"])


WORKERS: dict[str, Any] = {"noop": Noop, "clock": Clock, "job": WaitingJob}


class ObanPeer(peer.Peer):
    def prepare(self) -> None:
        self.runner = asyncio.Runner()
        self.runner.run(self.connect())
        atexit.register(lambda: self.runner.run(self.pool.close()))
        self.connection = psycopg.connect(peer.DATABASE_URL, autocommit=True)

    async def connect(self) -> None:
        self.pool = await Oban.create_pool(peer.DATABASE_URL)
        await schema.install(self.pool)
        self.oban = Oban(pool=self.pool)  # it only submits, so it is not started

    def submit(self, body: str, arguments: list[tuple[Any, ...]]) -> None:
        async def one_by_one() -> None:
            for job in jobs(body, arguments):
                await self.oban.enqueue(job)

        self.runner.run(one_by_one())

    def submit_in_bulk(self, body: str, arguments: list[tuple[Any, ...]]) -> None:
        async def many() -> None:
            for start in range(0, len(arguments), 1_000):
                await self.oban.enqueue_many(jobs(body, arguments[start : start + 1_000]))

        self.runner.run(many())

    def worker_commands(self) -> list[list[str]]:
        command = [sys.executable, "-m", "oban", "start", "--dsn", peer.DATABASE_URL, "--log-level", "WARNING"]
        command += ["--cron-modules", __name__, "--queues"]  # it would import every module that it finds here
        return [[*command, "default:100"]] * peer.PROCESSES if peer.BETTER else [[*command, "default:10"]]

    def done(self) -> int:
        return peer.number(self.connection, COUNT.format("="))

    def held(self) -> int:
        return peer.number(self.connection, COUNT.format("<>"))


def jobs(body: str, arguments: list[tuple[Any, ...]]) -> list[Job]:
    return [WORKERS[body].new({"arguments": each} if each else {}) for each in arguments]


PEER = ObanPeer()
