"""The poll: what a worker asks the database once a second, before it looks for tasks."""

import time
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from queueapp.claiming.watermarks import CommitHorizon, Numbers
from queueapp.db import statements
from queueapp.tenancy import worker_statement


class PolledQueue(NamedTuple):
    name: str
    strategy: str
    is_paused: bool
    pause_number: int  # of its latest pause or resume


@dataclass(frozen=True, slots=True)
class Poll:
    """The answer."""

    asked_at: float  # time.monotonic()
    queues: tuple[PolledQueue, ...]  # by name
    last_partition: int  # the greatest number of one; 0 where there are none
    has_new_partitions: bool  # that submitters noted, and nobody listed yet
    is_stopped: bool  # whether the worker was declared dead
    is_asked_to_end: bool  # whether an operator wants it to end after what it runs
    numbers: Numbers


def poll(worker_id: UUID, horizon: CommitHorizon) -> Poll:
    """Ask, in a transaction of its own."""
    asked_at = time.monotonic()
    with worker_statement(worker_id):
        (row,) = statements.rows("poll", {"worker_id": worker_id, **horizon.awaits})
    return Poll(
        asked_at,
        tuple(PolledQueue(*queue) for queue in row["queues"]),
        row["last_partition"],
        row["has_new_partitions"],
        row["is_stopped"],
        row["is_asked_to_end"],
        Numbers(row["drawn"], row["oldest_running"], row["own_id"]),
    )
