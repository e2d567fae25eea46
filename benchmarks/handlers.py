"""The handlers that are measured: none does more than its figure needs."""

import asyncio
import os
import time

from pydantic import BaseModel

from benchmarks import marks
from queueapp.handlers import handler
from queueapp.worker.context import TaskContext


class Nothing(BaseModel):
    pass


class Large(BaseModel):
    content: str


class Sleep(BaseModel):
    seconds: float


class Job(BaseModel):
    path: str
    number: int


@handler("bench.noop", params=Nothing, queue="bench")
def noop(task: TaskContext, params: Nothing) -> None:
    return None


@handler("bench.alone", params=Nothing, queue="bench", prefetch=False)
def alone(task: TaskContext, params: Nothing) -> None:
    return None


@handler("bench.large", params=Large, queue="bench")
def large(task: TaskContext, params: Large) -> None:
    return None


@handler("bench.clock", params=Nothing, queue="bench")
def clock(task: TaskContext, params: Nothing) -> float:
    return time.time()


@handler("bench.sleep", params=Sleep, queue="bench", concurrency=500)
async def sleep(task: TaskContext, params: Sleep) -> None:
    await asyncio.sleep(params.seconds)


@handler("bench.job", params=Job, queue="bench")
def job(task: TaskContext, params: Job) -> None:
    marks.work(params.path, params.number)


def register_kinds(count: int) -> list[str]:
    """As many types as that, each a no-op, and their names."""
    names = [f"bench.kind_{number}" for number in range(count)]
    for name in names:
        handler(name, params=Nothing, queue="bench")(noop)
    return names


register_kinds(int(os.environ.get("BENCH_KINDS", "0")))  # of a cluster that is to have them
