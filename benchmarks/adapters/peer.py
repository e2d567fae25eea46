"""What every peer must be able to do, and the bodies that it runs."""

import asyncio
import os
import time
from abc import ABC, abstractmethod
from typing import Any

import psycopg

from benchmarks import marks

DATABASE_URL = os.environ["PEER_DATABASE_URL"]
REDIS_URL = os.environ["PEER_REDIS_URL"]
BETTER = os.environ["PEER_SETTING"] == "better"
PROCESSES = os.cpu_count() or 1  # of a peer that is better off with one for each core


class Peer(ABC):
    """One peer with the settings that the environment names."""

    @abstractmethod
    def prepare(self) -> None:
        """Make its tables."""

    @abstractmethod
    def submit(self, body: str, arguments: list[tuple[Any, ...]]) -> None:
        """Submit a task for each, one by one, as its documentation shows."""

    def submit_in_bulk(self, body: str, arguments: list[tuple[Any, ...]]) -> None:
        """The same through whatever it offers for many."""
        self.submit(body, arguments)

    @abstractmethod
    def worker_commands(self) -> list[list[str]]:
        """What an operator would start."""

    @abstractmethod
    def done(self) -> int:
        """How many tasks its own store shows as done."""

    @abstractmethod
    def held(self) -> int:
        """How many it holds that are not done: waiting, or believed to be running."""


def noop() -> None:
    return None


def clock(path: str, number: int) -> None:
    marks.leave(path, "started", number)


def job(path: str, number: int) -> None:
    marks.work(path, number)


async def waiting_job(path: str, number: int) -> None:
    """The same where bodies share a thread."""
    marks.leave(path, "started", number)
    await asyncio.sleep(marks.BODY_SECONDS)
    marks.leave(path, "ended", number)


def number(connection: psycopg.Connection[Any], query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def wait_until(condition: Any, seconds: float) -> bool:
    """Whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
