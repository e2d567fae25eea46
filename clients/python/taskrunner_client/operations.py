"""What can be asked of the API, as steps. Each takes the seconds of patience with a server that does not answer."""

import hashlib
import json
import math
import time
from collections.abc import Sequence
from io import BytesIO
from typing import Any, BinaryIO, Unpack
from uuid import UUID, uuid4

from pydantic_core import to_jsonable_python

from taskrunner_client.documents import Artifact, NewTask, Task, TaskOptions, Tasks
from taskrunner_client.errors import Busy, DigestMismatch, NotEnded, PreconditionFailed
from taskrunner_client.exchange import Pause, Request, Steps, answered, pauses

LONGEST_WAIT_SECONDS = 30  # the server's own limit
FIRST_POLL_SECONDS, LONGEST_POLL_SECONDS = 0.5, 5.0  # where the server does not wait


def submit(
    patience_seconds: float,
    type: str,
    params: dict[str, Any] | None = None,
    *,
    idempotency_key: str | None = None,
    **options: Unpack[TaskOptions],
) -> Steps[Task]:
    """Submit one task. It is stored once, also where an answer is lost: each call has a key, yours or one of its own.

    Raises TaskRejected for parameters or options that the server refuses, DuplicateTask, RateLimited.
    """
    body = {"type": type, "params": params or {}, **options}
    answer = yield from answered(patience_seconds, _post("/tasks", body, idempotency_key))
    return answer.as_document(Task)


def submit_many(
    patience_seconds: float, tasks: Sequence[NewTask], *, idempotency_key: str | None = None
) -> Steps[list[Task]]:
    """Submit tasks, all or none, up to the server's `max_batch_size`; they come back in their order.

    Raises as `submit`, and InvalidRequest for too many.
    """
    answer = yield from answered(patience_seconds, _post("/tasks/bulk", {"tasks": tasks}, idempotency_key))
    return answer.as_document(Tasks).tasks


def get(patience_seconds: float, task_id: UUID) -> Steps[Task]:
    """The task as it is now. Raises NotFound."""
    answer = yield from answered(patience_seconds, _look(task_id))
    return answer.as_document(Task)


def wait(patience_seconds: float, task_id: UUID, *, timeout_seconds: float | None = None) -> Steps[Task]:
    """The task once it has ended, however it did. The server answers at that moment; where it cannot, it is polled.

    Raises NotEnded when the time is over, NotFound.
    """
    deadline = math.inf if timeout_seconds is None else time.monotonic() + timeout_seconds
    has_place_at = 0.0  # when the server may be asked to wait
    for pause in pauses(FIRST_POLL_SECONDS, LONGEST_POLL_SECONDS):
        now = time.monotonic()
        left = max(0.0, deadline - now)
        seconds = int(min(left, LONGEST_WAIT_SECONDS)) if now >= has_place_at else 0
        try:
            answer = yield from answered(patience_seconds, _look(task_id, seconds))
        except Busy as busy:
            has_place_at = now + (busy.retry_after_seconds or LONGEST_POLL_SECONDS)
            continue
        task = answer.as_document(Task)
        if task.ended:
            return task
        if not left:
            raise NotEnded(task)
        if "Preference-Applied" not in answer.headers:
            yield Pause(min(pause, left))
    raise AssertionError("pauses have no end")


def cancel(patience_seconds: float, task_id: UUID) -> Steps[Task]:
    """Cancel a task. One that runs is `leased` still, with `cancel_requested_at`, until its worker has stopped it.

    Raises WrongState for one that is completed or a dead letter, NotFound.
    """
    answer = yield from answered(patience_seconds, Request("POST", f"/tasks/{task_id}/cancel"))
    return answer.as_document(Task)


def retry(patience_seconds: float, task_id: UUID) -> Steps[Task]:
    """Queue a failed, dead or cancelled task again, once, also where an answer is lost.

    Raises WrongState for any other, NotFound.
    """
    seen = yield from answered(patience_seconds, _look(task_id))
    request = Request("POST", f"/tasks/{task_id}/retry", headers={"If-Match": seen.headers["ETag"]})
    try:
        answer = yield from answered(patience_seconds, request)
    except PreconditionFailed:
        before = seen.as_document(Task)
        task = yield from get(patience_seconds, task_id)
        if (task.status, task.attempt) != (before.status, before.attempt):
            return task  # retried: by us, when the answer was lost, or by somebody else
        return (yield from retry(patience_seconds, task_id))  # something else of it has changed
    return answer.as_document(Task)


def artifact(patience_seconds: float, artifact_id: UUID) -> Steps[Artifact]:
    """What is known of an artifact besides its bytes. Raises NotFound."""
    answer = yield from answered(patience_seconds, Request("GET", f"/artifacts/{artifact_id}/meta"))
    return answer.as_document(Artifact)


def upload(
    patience_seconds: float,
    task_id: UUID,
    type: str,
    content: bytes | BinaryIO,
    *,
    content_type: str = "application/octet-stream",
    filename: str | None = None,
    metadata: dict[str, Any] | None = None,
    idempotency_key: str | None = None,
) -> Steps[Artifact]:
    """Store bytes, or a seekable file from its beginning, with a task. A download is named `filename`, or as the type.

    Raises ArtifactTooLarge, NotFound, InvalidRequest, and DigestMismatch where the server stored something else.
    """
    file = BytesIO(content) if isinstance(content, bytes) else content
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # its stub asks for readinto
    form = {"task_id": str(task_id), "type": type, "content_type": content_type, "metadata": json.dumps(metadata or {})}
    request = Request(
        "POST", "/artifacts", form=form, file=(filename or type, file, content_type), headers=_key(idempotency_key)
    )
    answer = yield from answered(patience_seconds, request)
    stored = answer.as_document(Artifact)
    if stored.sha256 != digest:
        raise DigestMismatch(stored.id, expected=digest, found=stored.sha256)
    return stored


def download(patience_seconds: float, artifact_id: UUID) -> Steps[bytes]:
    """The bytes of an artifact, in memory. Raises as `download_to`."""
    memory = BytesIO()
    yield from download_to(patience_seconds, artifact_id, memory)
    return memory.getvalue()


def download_to(patience_seconds: float, artifact_id: UUID, file: BinaryIO) -> Steps[None]:
    """Write the bytes of an artifact to a seekable file, from where it stands. An answer that is cut off begins anew.

    Raises NotFound, ArtifactLost, and DigestMismatch where other bytes arrived than were stored.
    """
    answer = yield from answered(
        patience_seconds, Request("GET", f"/artifacts/{artifact_id}", into=(file, file.tell()))
    )
    stored = answer.headers.get("ETag", "").removeprefix("W/").strip('"')  # the SHA-256
    if answer.sha256 != stored:
        raise DigestMismatch(artifact_id, expected=stored, found=answer.sha256)


def _look(task_id: UUID, wait_seconds: int = 0) -> Request:
    return Request("GET", f"/tasks/{task_id}", wait_seconds=wait_seconds)


def _post(path: str, body: Any, idempotency_key: str | None) -> Request:
    return Request("POST", path, json=to_jsonable_python(body), headers=_key(idempotency_key))


def _key(given: str | None) -> dict[str, str]:
    return {"Idempotency-Key": given or str(uuid4())}
