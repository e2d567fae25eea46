"""The verbs that change a task. Every caller (API, admin, commands, handlers, Python) comes through here.

Each runs in the scope that is open, or opens the bound tenant's. Inside a caller's transaction it commits or
rolls back with the caller's own writes, and workers are notified only after the commit.
"""

from queueapp.tasks.requests import Dedup, TaskRequest
from queueapp.tasks.submit import submit, submit_internal, submit_many, submit_request
from queueapp.tasks.submit_again import submit_again
from queueapp.tasks.transitions import (
    TransitionResult,
    cancel,
    cancel_many,
    purge,
    purge_batch,
    redrive,
    reprioritise,
    reprioritise_many,
    retry,
    retry_many,
)

__all__ = [
    "Dedup",
    "TaskRequest",
    "TransitionResult",
    "cancel",
    "cancel_many",
    "purge",
    "purge_batch",
    "redrive",
    "reprioritise",
    "reprioritise_many",
    "retry",
    "retry_many",
    "submit",
    "submit_again",
    "submit_internal",
    "submit_many",
    "submit_request",
]
