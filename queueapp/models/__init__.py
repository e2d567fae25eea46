"""The platform's tables: fields, named constraints, indexes and query vocabulary; no workflow."""

from queueapp.models.api_keys import ApiKey, IdempotencyKey
from queueapp.models.artifacts import Artifact, PendingObject
from queueapp.models.audit import Act, OperatorAction, SecurityEvent, TaskLog, TaskLogRow
from queueapp.models.counters import TaskCount, TaskDelta, TaskStat, WorkerStat
from queueapp.models.error_groups import ErrorGroup, ErrorStat
from queueapp.models.queues import NewPartition, Partition, Queue, Route, UsedPartition
from queueapp.models.runs import Run, RunMetric, RunNote
from queueapp.models.schedules import Schedule, ScheduleSlot
from queueapp.models.task_types import TaskType
from queueapp.models.tasks import DedupKey, Task
from queueapp.models.tenants import Membership, Tenant
from queueapp.models.workers import Cluster, Worker

__all__ = [
    "Act",
    "ApiKey",
    "Artifact",
    "Cluster",
    "DedupKey",
    "ErrorGroup",
    "ErrorStat",
    "IdempotencyKey",
    "Membership",
    "NewPartition",
    "OperatorAction",
    "Partition",
    "PendingObject",
    "Queue",
    "Route",
    "Run",
    "RunMetric",
    "RunNote",
    "Schedule",
    "ScheduleSlot",
    "SecurityEvent",
    "Task",
    "TaskCount",
    "TaskDelta",
    "TaskLog",
    "TaskLogRow",
    "TaskStat",
    "TaskType",
    "Tenant",
    "UsedPartition",
    "Worker",
    "WorkerStat",
]
