"""What a handler is given: its task, and how to log, report progress, attach artifacts and notice a cancel.

Importable before the apps are ready, so nothing here imports a model.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from queueapp.json_values import as_text, storable_text
from queueapp.worker.forked import refuse_in_child
from queueapp.worker.interrupts import CancelRequested

if TYPE_CHECKING:
    from queueapp.artifacts.upload_buffer import Content
    from queueapp.tasks.attempt import Attempt
    from queueapp.worker.attempt_records import AttemptRecords

MAX_PROGRESS_CHARACTERS = 1_000

ExtensionT = TypeVar("ExtensionT")


class TaskContext:
    """The running attempt, as its handler sees it. Everything it writes is refused once the lease is lost.

    It belongs to the worker's process: in one that was forked from it, every method raises RuntimeError.
    """

    __slots__ = ("_attempt", "_extensions", "_records")

    def __init__(self, attempt: "Attempt", records: "AttemptRecords") -> None:
        self._attempt = attempt
        self._records = records
        self._extensions: dict[Callable[..., Any], Any] | None = None

    @property
    def id(self) -> UUID:
        return self._attempt.task.id

    @property
    def type(self) -> str:
        return self._attempt.task.type

    @property
    def tenant(self) -> UUID:
        """The id of the tenant whose task this is; it is bound while the handler runs."""
        return self._attempt.task.tenant_id

    @property
    def attempt(self) -> int:
        """Grows at every claim; (id, attempt) is unique, so it may serve as a key for effects elsewhere."""
        return self._attempt.task.attempt

    @property
    def worker_id(self) -> UUID:
        """The worker process that runs the attempt."""
        return self._attempt.worker_id

    def log(self, message: object, *, level: str = "info", **detail: Any) -> None:
        """Add a line to the task's log at once, in a transaction of its own; what JSON cannot carry is kept as text.

        The message may be an exception or a translation. Raises ValueError for an unknown level, a message of more than
        65,536 characters and a detail of more than 65,536 bytes; LeaseLost when the attempt no longer holds the task.
        """
        refuse_in_child()
        self._records.log(as_text(message), level, detail)

    def metric(self, name: str, value: Any) -> None:
        """Keep a figure (or any JSON) of the task and of its run, if its type keeps runs; at once, as a log line.

        Raises ValueError for what cannot be kept, LeaseLost when the attempt no longer holds the task.
        """
        refuse_in_child()
        self._records.metric(name, value)

    def note(self, type: str, content: str) -> None:
        """Keep a text of the task and of its run, as `metric`. Raises ValueError, LeaseLost."""
        refuse_in_child()
        self._records.note(type, content)

    def progress(self, fraction: float, message: str = "") -> None:
        """Report how far the work is, 0 to 1. Stored with the worker's next heartbeat, at most a second later.

        Raises ValueError for a fraction out of range, and a message of more than 1,000 characters.
        """
        refuse_in_child()
        if not 0 <= fraction <= 1:
            raise ValueError(f"fraction must be between 0 and 1, not {fraction}")
        text = storable_text(as_text(message))
        if len(text) > MAX_PROGRESS_CHARACTERS:
            raise ValueError(f"a progress message may have {MAX_PROGRESS_CHARACTERS} characters, not {len(text)}")
        self._attempt.progress = {"fraction": round(float(fraction), 4), "message": text}

    def attach(
        self, type: str, content: "Content", *, content_type: str, metadata: dict[str, Any] | None = None
    ) -> UUID:
        """Keep bytes (or text, a file open for reading, an iterator of bytes) as an artifact; returns its id.

        Stored at once, by transactions of its own, also where the handler is transactional: what a failed attempt
        attached stays. Waits up to ten seconds for a store that is away.
        Raises LeaseLost when the attempt no longer holds the task, InvalidArtifact, ArtifactTooLarge, StoreUnavailable.
        """
        refuse_in_child()
        return self._records.attach(type, content, content_type, metadata)

    def check_cancelled(self) -> None:
        """Raise if the task is to stop: for loops that catch everything, or prefer to stop at a place of their own."""
        refuse_in_child()
        if self._attempt.cancel_requested:
            raise CancelRequested

    def extension(self, make: Callable[["TaskContext"], ExtensionT]) -> ExtensionT:
        """What an app adds to the context: made from it at the first call, and kept as long as the attempt runs.

        class Mailer:
            def __init__(self, task: TaskContext) -> None: ...

        task.extension(Mailer).send("half way there")
        """
        if self._extensions is None:
            self._extensions = {}
        if make not in self._extensions:
            self._extensions[make] = make(self)
        return cast(ExtensionT, self._extensions[make])
