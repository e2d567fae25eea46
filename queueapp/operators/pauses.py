"""Pausing a queue so that nothing of it starts any more once the call has returned.

The pause commits first. Each live worker hears of it within a second, hands back what it has not started, and confirms
in its row. A claim that was in flight is handed back as well (worker/pauses.py).
"""

import time
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from queueapp import clock
from queueapp.tasks.queries import unconfirmed_workers
from queueapp.tenancy import system_scope
from queueapp.validation import NearMoment, RequestModel, Text

CONFIRM_SECONDS = 5.0
POLL_INTERVAL_SECONDS = 0.05
MOST_CHARACTERS = 500


def _is_ahead(value: datetime) -> datetime:
    if value <= clock.now():
        raise PydanticCustomError("in_the_past", "must lie ahead")
    return value


class PauseTerms(RequestModel):
    """Why a queue is paused, and until when."""

    reason: Annotated[Text, StringConstraints(max_length=MOST_CHARACTERS)] = ""
    until: Annotated[NearMoment, AfterValidator(_is_ahead)] | None = Field(
        None, description="When it is resumed by itself. Without it, when somebody does."
    )


def await_pause(queue: str) -> list[UUID]:
    """Wait until nothing of a paused queue can start any more. Call it when the pause has committed.

    Returns the live workers that have not confirmed within five seconds, e.g. while C code keeps their interpreter:
    each may start one of the tasks that it holds until it hears of the pause.
    """
    deadline = time.monotonic() + CONFIRM_SECONDS
    while True:
        with system_scope("pause"):
            unconfirmed = unconfirmed_workers(queue)
        if not unconfirmed or time.monotonic() > deadline:
            return unconfirmed
        time.sleep(POLL_INTERVAL_SECONDS)
