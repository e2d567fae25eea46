"""The runner family: echo and sleep."""

import json
import time

from pydantic import BaseModel, ConfigDict, Field

from queueapp.handlers import handler
from queueapp.redaction import masked
from queueapp.worker.context import TaskContext


class EchoParams(BaseModel):
    """Anything at all: echo returns its parameters."""

    model_config = ConfigDict(extra="allow")


class SleepParams(BaseModel):
    """How long to sleep."""

    model_config = ConfigDict(extra="forbid")

    seconds: float = Field(ge=0, le=86_400)


@handler("echo", params=EchoParams)
def echo(task: TaskContext, params: EchoParams) -> dict[str, object]:
    """Return the parameters, and keep them as an artifact: without their secrets, as the API shows them."""
    echoed = params.model_dump(mode="json")
    shown = json.dumps(masked(echoed))
    task.attach("echo_result", shown, content_type="application/json", metadata={"summary": "echo result"})
    return echoed


@handler("sleep", params=SleepParams)
def sleep(task: TaskContext, params: SleepParams) -> dict[str, float]:
    """Sleep, telling the progress once a second and stopping when cancelled."""
    ends = time.monotonic() + params.seconds
    while (left := ends - time.monotonic()) > 0:
        task.check_cancelled()
        task.progress(1 - left / params.seconds, f"{left:.0f} s left")
        time.sleep(min(left, 1.0))
    result = {"slept_seconds": params.seconds}
    summary = {"summary": f"slept {params.seconds:g} seconds"}
    task.attach("sleep_result", json.dumps(result), content_type="application/json", metadata=summary)
    return result
