"""Pauses that have an end, and have reached it, end."""

from queueapp.hooks import JobResult, maintenance_job
from queueapp.operators.service import end_pauses


@maintenance_job("pauses_ended", every_seconds=5)
def resume_queues() -> JobResult:
    return JobResult(len(end_pauses()))
