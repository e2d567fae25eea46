"""Describes the worker API."""

from queueapp.rest.openapi import answers
from queueapp.rest.openapi.operations import Answer, Describer
from queueapp.rest.worker_api import schemas

TASK = "/worker/tasks/{task_id}"
SETTLED = {200: Answer("It is settled.", answers.Settled)}
TOKEN = {"lease_token": "1.worker"}

workers = Describer("Workers")
workers(
    "POST",
    "/worker/claim",
    "Lease the next tasks",
    {200: Answer("What was leased, perhaps nothing.", answers.Claimed)},
    details="Of the key's own tenant, matching the key's capabilities, the most urgent first. A lease lives for 30 "
    "seconds unless it is renewed.",
    body=schemas.ClaimForm,
    example={"worker": "gpu-1", "max": 1, "wait_seconds": 20},
)
workers(
    "POST",
    f"{TASK}/heartbeat",
    "Renew a lease and tell progress",
    {200: Answer("The lease lives on.", answers.LeaseKept)},
    details="Every ten seconds or so. Beyond the task's hard limit the attempt is settled as a failure instead.",
    body=schemas.HeartbeatForm,
    errors=(409,),
    example={**TOKEN, "progress": {"fraction": 0.5, "message": "half way"}},
)
workers(
    "POST",
    f"{TASK}/log",
    "Add a line to a task's log",
    {204: Answer("It is kept.")},
    body=schemas.LogLineForm,
    errors=(409,),
    example={**TOKEN, "level": "info", "message": "page 3", "detail": {"items": 20}},
)
workers(
    "POST",
    f"{TASK}/complete",
    "End a task with a result",
    SETTLED,
    body=schemas.CompleteForm,
    errors=(409,),
    example={**TOKEN, "result": {"ideas": 3}},
)
workers(
    "POST",
    f"{TASK}/fail",
    "End an attempt without one",
    SETTLED,
    details="With retries left the task is tried again, after `retry_after_seconds` or its type's own delay; with "
    "`retryable: false` it is dead at once.",
    body=schemas.FailForm,
    errors=(409,),
    example={**TOKEN, "code": "quota", "message": "try tomorrow", "retry_after_seconds": 3600},
)
workers(
    "POST",
    f"{TASK}/release",
    "Hand a task back",
    SETTLED,
    details="It is queued again and counts as no failure; a task that was to stop is cancelled.",
    body=schemas.ReleaseForm,
    errors=(409,),
    example=TOKEN,
)
