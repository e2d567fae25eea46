"""What can go wrong, as exceptions. The code of each is stable: clients match on it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field of a request: a dotted path, a stable code, and what the limit is."""

    field: str
    code: str
    message: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


class TaskrunnerError(Exception):
    """Base of every error that a caller of the platform may see."""

    code = "error"


class ValidationFailure(TaskrunnerError):
    """Base of refusals of what was given: nothing changed, and `errors` says which fields and why."""

    code = "invalid_request"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        self.errors = list(errors)
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in self.errors))


class InvalidTask(ValidationFailure):
    """A task was refused. The code is the usual one, or what its type's own check says (`fetch_domain_not_allowed`)."""

    code = "task_rejected_invalid_params"

    def __init__(self, errors: Sequence[FieldError], code: str | None = None) -> None:
        self.code = code or self.code
        super().__init__(errors)


class TaskNotFound(TaskrunnerError):
    """No task of this id is visible in the current scope; foreign and unknown ids look the same."""

    code = "not_found"

    def __init__(self, task_id: UUID) -> None:
        self.task_id = task_id
        super().__init__(f"No task {task_id}.")


class TenantNotFound(TaskrunnerError):
    """No tenant of this slug is visible in the current scope."""

    code = "tenant_not_found"

    def __init__(self, tenant: str) -> None:
        self.tenant = tenant
        super().__init__(f"There is no tenant {tenant!r:.60} here; `manage.py createtenant` makes one.")


class WrongState(TaskrunnerError):
    """The task's status forbids the move asked for."""

    code = "wrong_state"

    def __init__(self, task_id: UUID, verb: str, status: str) -> None:
        self.task_id, self.verb, self.status = task_id, verb, status
        super().__init__(f"Cannot {verb} task {task_id}: it is {status}.")


class DuplicateTask(TaskrunnerError):
    """A live task holds the deduplication key, and the request asked for `on_conflict: reject`."""

    code = "duplicate_task"

    def __init__(self, key: str, task_id: UUID) -> None:
        self.key, self.task_id = key, task_id
        super().__init__(f"Task {task_id} already holds the deduplication key {key!r}.")


class BulkUnderWay(TaskrunnerError):
    """A task that has not ended does the same for the same filter, and was submitted within the last minute."""

    code = "bulk_under_way"

    def __init__(self, task_id: UUID) -> None:
        self.task_id = task_id
        super().__init__(
            f"Task {task_id} of the last minute does the same and has not ended; mean it `again` to go on."
        )


class QueueNotFound(TaskrunnerError):
    """No queue has this name."""

    code = "queue_not_found"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name = name
        super().__init__(f"There is no queue {name!r}; there are: {', '.join(known)}.")


class WorkerNotFound(TaskrunnerError):
    """No worker has this id."""

    code = "worker_not_found"

    def __init__(self, worker_id: UUID) -> None:
        super().__init__(f"There is no worker {worker_id}; `manage.py workers` lists them.")


class ClusterNotFound(TaskrunnerError):
    """No cluster has this id."""

    code = "cluster_not_found"

    def __init__(self, cluster_id: UUID) -> None:
        super().__init__(f"There is no cluster {cluster_id}; `manage.py qinfo` lists them.")


class CannotEnd(TaskrunnerError):
    """The worker or the cluster cannot be asked to end."""

    code = "cannot_end"


class InvalidValue(ValidationFailure):
    """An operator gave a name or a value that cannot be used."""

    code = "invalid_value"


class DeclaredByCode(TaskrunnerError):
    """The schedule is declared by code (`@task(schedule=…)`), which alone may change or delete it."""

    code = "declared_by_code"


class LeaseLost(TaskrunnerError):
    """This attempt no longer holds its task: another one may, so nothing was written."""

    code = "lease_lost"

    def __init__(self, task_id: UUID, attempt: int) -> None:
        self.task_id, self.attempt = task_id, attempt
        super().__init__(f"Attempt {attempt} no longer holds task {task_id}.")


class InvalidArtifact(ValidationFailure):
    """The description of an artifact was refused."""

    code = "invalid_artifact"


class ArtifactTooLarge(TaskrunnerError):
    """An artifact has more bytes than its tenant's may have; nothing was stored."""

    code = "artifact_size_exceeded"

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        super().__init__(f"An artifact may have at most {limit_bytes} bytes ({limit_bytes / 2**20:g} MiB).")


class StoreUnavailable(TaskrunnerError):
    """The object store did not do what it was asked to; trying again may help."""

    code = "artifact_store_unavailable"

    def __init__(self, reason: object) -> None:
        super().__init__(f"The artifact store cannot be used: {reason}")


class ScopeError(TaskrunnerError):
    """A tenant's table was used outside a scope, or a scope was opened inside another tenant's."""

    code = "no_tenant_scope"


class RetryLater(TaskrunnerError):
    """Raised by a handler: try again after so many seconds. Counts as a failure, like any other.

    The seconds may be a text, as the header Retry-After brings them. Raises ValueError for what is no number.
    """

    code = "retry_later"

    def __init__(self, after_seconds: float | str, reason: str = "") -> None:
        try:
            self.after_seconds = float(after_seconds)
        except (TypeError, ValueError):
            raise ValueError(f"RetryLater takes a number of seconds, not {after_seconds!r:.100}") from None
        super().__init__(reason or f"Asked to be retried after {self.after_seconds:g} s.")


class ContinueLater(TaskrunnerError):
    """Raised by a handler that has done a part and waits for something: call it again after so many seconds.

    No failure: no retry is used, and meanwhile the task is `scheduled` and holds no worker.
    """

    code = "continue_later"

    def __init__(self, after_seconds: float) -> None:
        self.after_seconds = float(after_seconds)
        super().__init__(f"Goes on after {self.after_seconds:g} s.")


class PermanentFailure(TaskrunnerError):
    """Raised by a handler: trying again would not help, so the task is dead-lettered at once."""

    code = "permanent_failure"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
