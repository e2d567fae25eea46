"""The hook of types that keep runs: an earlier result answers the task, or the attempt leaves a run."""

import logging
from typing import Any

from asgiref.sync import sync_to_async
from django.db import Error as DatabaseError

from queueapp.errors import LeaseLost
from queueapp.handlers import Reusable
from queueapp.hooks import AsyncProceed, Attempt, JobResult, Outcome, Proceed, around_attempt, maintenance_job
from queueapp.runs.queries import reusable_result
from queueapp.runs.recording import BATCH, end_runs, start_run
from queueapp.tasks.leases import append_log, log_line
from queueapp.tasks.settle import completed, settle
from queueapp.tenancy import worker_scope

logger = logging.getLogger(__name__)


@around_attempt(applies_to=lambda handler: handler.keeps_runs)
def keep_run(attempt: Attempt, proceed: Proceed) -> Outcome | None:
    """A task that an earlier result answers is completed with that, and leaves no run."""
    key = attempt.handler.key_of(attempt.params)
    if key is None:
        return proceed()
    return _answer_or_start(attempt, key) or _settle_with_run(attempt, proceed())


@around_attempt(applies_to=lambda handler: handler.keeps_runs)
async def keep_run_on_loop(attempt: Attempt, proceed: AsyncProceed) -> Outcome | None:
    """As keep_run, for `async def` handlers."""
    key = attempt.handler.key_of(attempt.params)
    if key is None:
        return await proceed()
    if answer := await sync_to_async(_answer_or_start)(attempt, key):
        return answer
    return await sync_to_async(_settle_with_run)(attempt, await proceed())


@maintenance_job("runs_ended", every_seconds=0)
def end_left_runs() -> JobResult:
    """End the runs of attempts that were settled without them, or lost with their worker."""
    ended = end_runs()
    return JobResult(ended, more=ended >= BATCH)


def _answer_or_start(attempt: Attempt, key: str) -> Outcome | None:
    """The outcome, where an earlier result answers the task; else a run is started."""
    if result := _earlier_result(attempt, key):
        return completed(*attempt.key, result)
    start_run(attempt.worker_id, attempt.key, key)
    return None


def _earlier_result(attempt: Attempt, key: str) -> dict[str, Any] | None:
    """What the task is answered with instead of being run."""
    ttl_seconds = attempt.handler.result_ttl_seconds
    if not ttl_seconds or (isinstance(attempt.params, Reusable) and attempt.params.force):
        return None
    found = reusable_result(attempt.task.tenant_id, key, ttl_seconds)
    if found is None:
        return None
    run_id, result = found
    _record_reuse(attempt, {"run_id": str(run_id), "run_key": key})
    summary = f"deduplicated; {result.get('summary', '')} (run {run_id})"
    return {**result, "artifact_ids": result.get("artifact_ids", []), "summary": summary}


def _record_reuse(attempt: Attempt, run: dict[str, str]) -> None:
    detail = {"event": "task_deduplicated", **run}
    line = log_line("info", "answered with an earlier result", detail)
    if not append_log(attempt.worker_id, attempt.key, line):
        raise LeaseLost(*attempt.key)
    about = {"task_id": str(attempt.task.id), **run}
    logger.info("an earlier run is used", extra={"event": "dedupe_key_used", **about})
    logger.info("answered with an earlier result", extra={"event": "task_deduplicated", **about})


def _settle_with_run(attempt: Attempt, outcome: Outcome | None) -> Outcome | None:
    """End the run in the transaction that settles its attempt; returns what is left to settle.

    Where that does not work, the worker settles the outcome as any other, and maintenance ends the run.
    """
    try:
        with worker_scope(attempt.worker_id):
            if outcome is None or outcome.id in settle(attempt.worker_id, [outcome]):
                end_runs(attempt.task.id)
                return None
    except DatabaseError as error:
        logger.warning("run not ended", extra={"event": "db_connection_failed", "error": str(error).strip()})
    return outcome
