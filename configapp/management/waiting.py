"""Waiting for an accepted change to be applied."""

import time

from django.core.management.base import CommandError

from configapp.models import ConfigChange
from queueapp.management.base import acting

POLL_SECONDS = 0.02
PATIENCE_SECONDS = 30.0


def until_finished(change: ConfigChange) -> ConfigChange:
    """The change as it ended. Raises CommandError where that takes too long, and on Ctrl-C."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        while time.monotonic() < deadline:
            with acting():
                change.refresh_from_db()
            if change.status != ConfigChange.Status.ACCEPTED:
                return change
            time.sleep(POLL_SECONDS)  # outside the scope: no transaction is open while waiting
    except KeyboardInterrupt:
        raise CommandError(f"Stopped waiting; the change is accepted and goes on: task {change.task_id}.") from None
    raise CommandError(
        f"Accepted, and not applied within {PATIENCE_SECONDS:g} s: task {change.task_id} waits for a worker of "
        "queue config. It will be applied; `manage.py doctor` says what is missing."
    )
