"""A handler that repeats what it was given in every place that it can."""

import logging
import threading
from typing import Any

from pydantic import BaseModel, ConfigDict

from queueapp.handlers import handler
from queueapp.worker.context import TaskContext

logger = logging.getLogger(__name__)


class Told(BaseModel):
    """`text` and everything under other names."""

    model_config = ConfigDict(extra="allow")

    password: str = ""
    text: str = ""
    fails: bool = False


@handler("sample.tells", params=Told, result_ttl_seconds=0)
def tells(task: TaskContext, params: Told) -> dict[str, Any]:
    """Each line has what its parameters call secret, without its name, and the free text."""
    words = f"{params.password} and {params.text}"
    logger.warning("in a message: %s", words, extra={"words": words, "nested": {"words": [words]}})
    logger.warning("in an object", extra={"error": ValueError(words)})
    task.log(words, words=words, nested=[words])
    task.progress(0.5, words[:900])
    task.metric("words", {"words": words})
    task.note("words", words)
    task.attach("words", params.password, content_type="text/plain", metadata={"words": words})
    task.attach("pieces", (bytes([each]) for each in params.password.encode()), content_type="application/json")
    _fail_in_a_thread(words)
    if params.fails:
        raise RuntimeError(words)
    return {"words": words, "given": params.model_dump()}


def _fail_in_a_thread(words: str) -> None:
    def fail() -> None:
        raise ValueError(words)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
