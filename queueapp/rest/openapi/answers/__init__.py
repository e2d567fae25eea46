"""The bodies of answers. Nothing is checked against these at run time; the tests do, member by member."""

from queueapp.rest.openapi.answers.artifacts import Artifact
from queueapp.rest.openapi.answers.common import FieldProblem, Page, Problem, ResponseModel
from queueapp.rest.openapi.answers.platform import HeldTask, Queue, SecurityEvent, Worker
from queueapp.rest.openapi.answers.runs import Metric, Note, Run, RunInFull
from queueapp.rest.openapi.answers.tasks import (
    DryRun,
    LogEntry,
    ProgressTold,
    Reason,
    Task,
    TaskError,
    Tasks,
    TaskType,
    Why,
)
from queueapp.rest.openapi.answers.usage import LastHour, Limits, LimitsUse, Stats, TypeUsage
from queueapp.rest.openapi.answers.workers import Claimed, LeasedTask, LeaseKept, Settled

__all__ = [
    "Artifact",
    "Claimed",
    "DryRun",
    "FieldProblem",
    "HeldTask",
    "LastHour",
    "LeaseKept",
    "LeasedTask",
    "Limits",
    "LimitsUse",
    "LogEntry",
    "Metric",
    "Note",
    "Page",
    "Problem",
    "ProgressTold",
    "Queue",
    "Reason",
    "ResponseModel",
    "Run",
    "RunInFull",
    "SecurityEvent",
    "Settled",
    "Stats",
    "Task",
    "TaskError",
    "TaskType",
    "Tasks",
    "TypeUsage",
    "Why",
    "Worker",
]
