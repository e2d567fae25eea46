"""The handlers that are measured: none does more than its figure needs."""

import time

from pydantic import BaseModel

from benchmarks import marks
from queueapp.handlers import handler
from queueapp.worker.context import TaskContext


class Nothing(BaseModel):
    pass


class Job(BaseModel):
    path: str
    number: int


@handler("bench.noop", params=Nothing, queue="bench")
def noop(task: TaskContext, params: Nothing) -> None:
    return None


@handler("bench.alone", params=Nothing, queue="bench", prefetch=False)
def alone(task: TaskContext, params: Nothing) -> None:
    return None


@handler("bench.clock", params=Nothing, queue="bench")
def clock(task: TaskContext, params: Nothing) -> float:
    return time.time()


@handler("bench.job", params=Job, queue="bench")
def job(task: TaskContext, params: Job) -> None:
    marks.work(params.path, params.number)
