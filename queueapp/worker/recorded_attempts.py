"""Runs: what surrounds an attempt whose type keeps them. Other types pass through at the cost of one look."""

import logging
from typing import Any

from django.db import Error as DatabaseError
from pydantic import BaseModel

from queueapp.claiming import Claimed
from queueapp.handlers import Handler, Reusable, find_handler
from queueapp.runs.queries import reusable_result
from queueapp.runs.recording import end_runs, start_run
from queueapp.tasks.settle import Outcome, completed, settle
from queueapp.tenancy import worker_scope
from queueapp.worker.context import TaskContext
from queueapp.worker.executor import classify, params_of, run_attempt
from queueapp.worker.interrupts import Interrupter

logger = logging.getLogger(__name__)


def run_on_record(task: Claimed, context: TaskContext, interrupter: Interrupter) -> Outcome | None:
    """As run_attempt; for a type that keeps runs, the attempt's run begins before and ends with its completion.

    A task that an earlier result answers is completed with that, and leaves no run.
    """
    handler = find_handler(task.type)
    if handler is None or not handler.keeps_runs:
        return run_attempt(task, context, interrupter)
    try:
        params = params_of(handler, task)
        key = handler.key_of(params)
        if key is None:
            return run_attempt(task, context, interrupter)
        if result := _earlier_result(handler, task, params, key, context):
            return completed(task.id, task.attempt, result)
        start_run(context.worker_id, (task.id, task.attempt), key)
    except Exception as error:
        return classify(error, task, handler)
    return _settle_with_run(context, run_attempt(task, context, interrupter))


def _earlier_result(
    handler: Handler, task: Claimed, params: BaseModel, key: str, context: TaskContext
) -> dict[str, Any] | None:
    """What the task is answered with instead of being run."""
    if not handler.reuse_seconds or (isinstance(params, Reusable) and params.force):
        return None
    found = reusable_result(task.tenant_id, key, handler.reuse_seconds)
    if found is None:
        return None
    run_id, result = found
    context.log("answered with an earlier result", event="task_deduplicated", run_id=run_id, run_key=key)
    about = {"task_id": str(task.id), "run_id": str(run_id), "run_key": key}
    logger.info("an earlier run is used", extra={"event": "dedupe_key_used", **about})
    logger.info("answered with an earlier result", extra={"event": "task_deduplicated", **about})
    summary = f"deduplicated; {result.get('summary', '')} (run {run_id})"
    return {**result, "artifact_ids": result.get("artifact_ids", []), "summary": summary}


def _settle_with_run(context: TaskContext, outcome: Outcome | None) -> Outcome | None:
    """End the run in the transaction that settles its attempt; returns what is left to settle.

    Where that does not work, the worker settles the outcome as any other, and maintenance ends the run.
    """
    try:
        with worker_scope(context.worker_id):
            if outcome is None or outcome.id in settle(context.worker_id, [outcome]):
                end_runs(context.id)
                return None
    except DatabaseError as error:
        logger.warning("run not ended", extra={"event": "db_connection_failed", "error": str(error).strip()})
    return outcome
