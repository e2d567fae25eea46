"""What a handler is given: its task, and how to log, report progress, attach artifacts and notice a cancel.

Importable before the apps are ready, so nothing here imports a model.
"""

from asyncio import _get_running_loop
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from asgiref.sync import sync_to_async

from queueapp.json_values import as_text, storable_text
from queueapp.worker.forked import refuse_in_child
from queueapp.worker.interrupts import CancelRequested

if TYPE_CHECKING:
    from queueapp.artifacts.upload_buffer import Content
    from queueapp.tasks.attempt import Attempt
    from queueapp.worker.attempt_records import AttemptRecords

MAX_PROGRESS_CHARACTERS = 1_000

ExtensionT = TypeVar("ExtensionT")
# set by the executor, in the copy of the context that an attempt runs in
running: ContextVar["TaskContext | None"] = ContextVar("running_task", default=None)


def current_task() -> "TaskContext":
    """The context of the attempt that is running, for code that is not handed it.

    Raises RuntimeError outside of a handler; so too in a thread that a handler started, unless the thread runs in a
    copy of the handler's context (`contextvars.copy_context().run`).
    """
    context = running.get()
    if context is None:
        raise RuntimeError("No task is running here: current_task() is for handlers, and for what they call.")
    return context


def running_attempt() -> "Attempt | None":
    """The attempt whose context this is: of a handler, and of what it calls."""
    context = running.get()
    return None if context is None else context._attempt


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
    def failures(self) -> int:
        """How many attempts before this one failed, by an error or a time-out."""
        return self._attempt.task.failures

    @property
    def max_retries(self) -> int:
        """Tries after the first."""
        return self._attempt.task.max_retries

    @property
    def worker_id(self) -> UUID:
        """The worker process that runs the attempt."""
        return self._attempt.worker_id

    def log(self, message: object, *, level: str = "info", **detail: Any) -> None:
        """Add a line to the task's log at once, in a transaction of its own; what JSON cannot carry is kept as text.

        The message too: an exception or a translation is logged as what it says.

        Raises ValueError for an unknown level, a message of more than 65,536 characters and a detail of more than
        65,536 bytes; LeaseLost when the attempt no longer holds the task; RuntimeError on the event loop, as do
        `metric`, `note` and `attach`: there `await` the method whose name begins with `a`.
        """
        self._require_thread("alog")
        self._records.log(as_text(message), level, detail)

    def metric(self, name: str, value: Any) -> None:
        """Keep a figure (or any JSON) of the task and of its run, if its type keeps runs; at once, as a log line.

        Raises ValueError for what cannot be kept, LeaseLost when the attempt no longer holds the task.
        """
        self._require_thread("ametric")
        self._records.metric(name, value)

    def note(self, type: str, content: str) -> None:
        """Keep a text of the task and of its run, as `metric`. Raises ValueError, LeaseLost."""
        self._require_thread("anote")
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
        self._require_thread("aattach")
        return self._records.attach(type, content, content_type, metadata)

    async def alog(self, message: object, *, level: str = "info", **detail: Any) -> None:
        """As log, for `async def` handlers."""
        await sync_to_async(self.log)(message, level=level, **detail)

    async def ametric(self, name: str, value: Any) -> None:
        """As metric, for `async def` handlers."""
        await sync_to_async(self.metric)(name, value)

    async def anote(self, type: str, content: str) -> None:
        """As note, for `async def` handlers."""
        await sync_to_async(self.note)(type, content)

    async def aattach(
        self, type: str, content: "Content", *, content_type: str, metadata: dict[str, Any] | None = None
    ) -> UUID:
        """As attach, for `async def` handlers."""
        return await sync_to_async(self.attach)(type, content, content_type=content_type, metadata=metadata)

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

    def _require_thread(self, name_on_loop: str) -> None:
        """Raises RuntimeError where waiting for the database would hold up all that run on the event loop."""
        refuse_in_child()
        if self._attempt.handler.is_async and _get_running_loop() is not None:
            raise RuntimeError(
                f"This would wait for the database, and hold up the event loop: await {name_on_loop}(…)."
            )
