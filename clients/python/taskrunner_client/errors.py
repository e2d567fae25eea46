"""What the client raises. A refusal of the server is a Problem, of the class that stands for its code."""

from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from taskrunner_client.documents import Task


class FieldProblem(BaseModel):
    """What is wrong with one field of a request: a dotted path, a stable code, and what the limit is."""

    field: str
    code: str
    message: str


class ProblemDocument(BaseModel):
    """The server's own words (RFC 9457). Members beside these depend on the code."""

    model_config = ConfigDict(extra="allow")

    status: int
    code: str
    detail: str
    errors: list[FieldProblem] = []


class ClientError(Exception):
    """Base of all of them."""


class Unreachable(ClientError):
    """No answer came, however often it was tried: nobody knows whether the server has done what it was asked to.

    The same call with the same `idempotency_key` is safe, now or within 24 hours.
    """


class UnexpectedAnswer(ClientError):
    """Something else than Taskrunner answered, such as a proxy with a page of its own."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        super().__init__(f"The server answered {status}, and not in the form of Taskrunner's answers: {text!r:.300}")


class NotEnded(ClientError, TimeoutError):
    """The task has not ended in the time given to wait; `task` is how it was then."""

    def __init__(self, task: Task) -> None:
        self.task = task
        super().__init__(f"Task {task.id} is still {task.status}.")


class DigestMismatch(ClientError):
    """What arrived is not what was sent."""

    def __init__(self, artifact: object, expected: str, found: str) -> None:
        super().__init__(f"The SHA-256 of artifact {artifact} is {found}, and should be {expected}.")


class Problem(ClientError):
    """The server refused: `code` stays the same, `detail` says what to do, `errors` names the fields.

    `retry_after_seconds` is when to ask again, where the server says so; its log knows the request by `request_id`.
    """

    codes: ClassVar[tuple[str, ...]] = ()

    def __init__(self, document: ProblemDocument, retry_after_seconds: float | None, request_id: str) -> None:
        self.status, self.code, self.detail = document.status, document.code, document.detail
        self.errors = document.errors
        self.members: dict[str, Any] = document.model_extra or {}
        self.retry_after_seconds = retry_after_seconds
        self.request_id = request_id
        super().__init__(f"{self.status} {self.code}: {self.detail}")


class InvalidRequest(Problem):
    """A part of the request cannot be used. Types with checks of their own have codes of their own."""

    codes: ClassVar[tuple[str, ...]] = (
        "invalid_request",
        "malformed_json",
        "batch_size_exceeded",
        "invalid_value",
        "invalid_artifact",
    )


class TaskRejected(InvalidRequest):
    """A task was refused, and nothing was stored."""

    codes = ("task_rejected_invalid_params",)


class Unauthenticated(Problem):
    """No key, or not a valid one."""

    codes = ("unauthenticated",)


class Forbidden(Problem):
    """The key's role or scopes lack a right."""

    codes = ("forbidden",)


class NotFound(Problem):
    """There is no such thing, or it is another tenant's: the answer is the same."""

    codes = ("not_found", "no_such_address", "unknown_type", "queue_not_found")


class WrongState(Problem):
    """The task's status forbids it; `members["task_status"]` says which it is."""

    codes = ("wrong_state",)


class DuplicateTask(Problem):
    """A task holds the deduplication key, and the submission asked for `reject`."""

    codes = ("duplicate_task",)

    @property
    def task_id(self) -> UUID:
        return UUID(self.members["task_id"])


class ArtifactLost(Problem):
    """The store has lost the bytes of this artifact."""

    codes = ("artifact_lost",)


class PreconditionFailed(Problem):
    """It is another version by now."""

    codes = ("precondition_failed",)


class ArtifactTooLarge(Problem):
    """It has more bytes than the tenant's artifacts may have."""

    codes = ("artifact_size_exceeded", "body_too_large")


class IdempotencyKeyReused(Problem):
    """The key belongs to another request."""

    codes = ("idempotency_key_reused",)


class RateLimited(Problem):
    """The tenant has submitted, or was refused, too often, and may again only after the client's patience."""

    codes = ("rate_limit_exceeded",)


class Unavailable(Problem):
    """The server cannot do its work now."""

    codes: ClassVar[tuple[str, ...]] = ("database_unavailable", "artifact_store_unavailable")


class Busy(Unavailable):
    """No request more can wait at this server now."""

    codes = ("busy",)


def _below(kind: type[Problem]) -> list[type[Problem]]:
    return [kind, *(each for child in kind.__subclasses__() for each in _below(child))]


_KINDS = {code: kind for kind in _below(Problem) for code in kind.codes}


def kind_of(document: ProblemDocument) -> type[Problem]:
    """The class for a refusal. Codes of apps and types are many, but what they refuse with 400 is the request."""
    return _KINDS.get(document.code, InvalidRequest if document.status == 400 else Problem)
