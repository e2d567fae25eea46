"""Runs the sweep of objects now and then, in the background: a store that hangs must hold up nothing else."""

import logging

from django.db import Error as DatabaseError

from queueapp.artifacts.garbage import sweep
from queueapp.errors import StoreUnavailable
from queueapp.hooks import JobResult, maintenance_job

logger = logging.getLogger(__name__)


@maintenance_job("objects_swept", every_seconds=30, in_background=True)
def sweep_objects() -> JobResult:
    try:
        return JobResult(sweep())
    except (StoreUnavailable, DatabaseError) as error:
        # what was not swept is due again
        logger.warning("sweep undone", extra={"event": "artifact_sweep_failed", "error": str(error).strip()})
        return JobResult(0)
