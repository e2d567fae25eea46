"""Sample handlers that honestly take their time."""

import os
import threading
import time

from pydantic import BaseModel

from queueapp.handlers import handler
from queueapp.worker.context import TaskContext
from tests.samples.handlers import Anything, leave_mark

STEP_SECONDS = 0.1


class Held(BaseModel):
    count: int  # of numbers to add


class Steps(BaseModel):
    directory: str  # a file for each task grows there by a byte a step
    steps: int
    computes: bool


@handler("sample.wall_clock", params=Anything)
def wall_clock(task: TaskContext, params: Anything) -> float:
    """What this process takes for the time."""
    leave_mark(task, params)
    return time.time()


@handler("sample.hold_interpreter", params=Held)
def hold_interpreter(task: TaskContext, params: Held) -> float:
    """Compute in C code that keeps the interpreter; returns for how many seconds no other thread of ours ran."""
    gaps: list[float] = []
    done = threading.Event()

    def tick() -> None:
        while not done.is_set():
            before = time.monotonic()
            time.sleep(0.01)
            gaps.append(time.monotonic() - before)

    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    time.sleep(0.05)
    sum(range(params.count))
    done.set()
    ticker.join()
    return max(gaps)


@handler("sample.resume", params=Steps)
def resume(task: TaskContext, params: Steps) -> int:
    """Sleep or compute step by step, from where the attempt before was interrupted; returns the number of attempts."""
    with open(os.path.join(params.directory, str(task.id)), "ab", buffering=0) as file:
        while file.tell() < params.steps:
            ends = time.monotonic() + STEP_SECONDS
            if not params.computes:
                time.sleep(STEP_SECONDS)
            while time.monotonic() < ends:
                sum(range(10_000))
            file.write(b".")
    return task.attempt
