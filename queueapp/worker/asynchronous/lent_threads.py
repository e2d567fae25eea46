"""Threads that are lent to attempts for what must not run on the event loop, such as Django's ORM.

There are so many and no more, each with database connections of its own. One is lent for one call, so it is never two
attempts' at once and nobody holds it over an await; and it goes back as it came.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar
from weakref import WeakSet

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from queueapp.worker.left_transactions import ConnectionCheck, TransactionFault

P = ParamSpec("P")
T = TypeVar("T")

NAME = "lent"
ENDING_SECONDS = 1.0


class LentThreads:
    """Started when they are needed. Whoever waits for one waits in the line, and holds up nothing else."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._line: SimpleQueue[CallsOfAttempt | None] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._threads: list[threading.Thread] = []

    def line_up(self, calls: "CallsOfAttempt") -> None:
        """Have a thread make the next of these calls. On the event loop, or in a lent thread."""
        self._line.put(calls)
        if not self._idle.acquire(blocking=False) and len(self._threads) < self._most:
            thread = threading.Thread(target=self._serve, name=f"{NAME}-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """End them, once their calls are done."""
        for _ in self._threads:
            self._line.put(None)
        for thread in self._threads:
            thread.join(ENDING_SECONDS)

    def _serve(self) -> None:
        check = LentConnections()
        while calls := self._take():
            calls.make_next(check)
            del calls  # not kept alive until the next
        connections.close_all()

    def _take(self) -> "CallsOfAttempt | None":
        with suppress(Empty):
            return self._line.get_nowait()
        self._idle.release()
        return self._line.get()


class LentConnections(ConnectionCheck):
    """Those of one lent thread."""

    def __init__(self) -> None:
        self._cursors: WeakSet[Any] = WeakSet()
        super().__init__()

    def _watch(self, database: BaseDatabaseWrapper) -> None:
        super()._watch(database)
        database.execute_wrappers.append(self._note_cursor)

    def _note_cursor(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Execute wrapper."""
        cursor = context["cursor"].cursor
        if getattr(cursor, "name", None):
            self._cursors.add(cursor)
        return execute(sql, params, many, context)

    @property
    def has_open_cursor(self) -> bool:
        """Whether rows are being read bit by bit, as by `aiterator()`: the rest comes over the same session."""
        return any(not cursor.closed for cursor in self._cursors)


class CallsOfAttempt(Executor):
    """What `sync_to_async` gives an attempt's calls to: they are made one by one, each in the first free thread."""

    def __init__(self, threads: LentThreads) -> None:
        self._threads = threads
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._being_made: Future[Any] | None = None
        self._has_thread = False  # or waits for one
        self._is_over = False
        self.left_transaction = False  # one of them did

    @property
    def are_made(self) -> bool:
        """Whether none is being made and none waits."""
        return self._being_made is None and not self._waiting

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        future: Future[T] = Future()
        with self._changed:
            self._waiting.append((future, partial(function, *args, **kwargs)))
            has_thread, self._has_thread = self._has_thread, True
            self._changed.notify()
        if not has_thread:
            self._threads.line_up(self)
        return future

    async def end(self) -> None:
        """The attempt is over: wait for a call that goes on although it was cancelled, and give up those that wait."""
        with self._changed:
            self._is_over = True
            self._waiting.clear()
            self._changed.notify()
            being_made = self._being_made
        if being_made is not None:
            await asyncio.gather(asyncio.wrap_future(being_made), return_exceptions=True)

    def make_next(self, check: LentConnections) -> None:
        """For a lent thread: the next call; and while a cursor is open, all that follow, in this thread."""
        check.forget_use()
        self._make(check)
        while check.has_open_cursor and self._wait_for_call():
            self._make(check)
        if check.has_open_cursor:  # of an iteration that was left: whoever collects it closes the cursor, some day
            check.close_all()
        check.reset_sessions()
        with self._changed:
            self._has_thread = waits = bool(self._waiting)
        if waits:
            self._threads.line_up(self)

    def _wait_for_call(self) -> bool:
        """False when the attempt is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_over)
            return not self._is_over

    def _make(self, check: LentConnections) -> None:
        """One call. Its answer is given when the connections are clean; one left in a transaction is its error."""
        with self._changed:
            future, function = self._waiting.popleft() if self._waiting else (None, None)
            self._being_made = future
        if future is None or function is None or not future.set_running_or_notify_cancel():
            self._being_made = None
            return
        result, fault = None, None
        try:
            result = function()
            check.require_clean()
        except BaseException as error:
            left_open = check.close_unclean()
            self.left_transaction |= left_open is not None or isinstance(error, TransactionFault)
            fault = error
        if not check.has_open_cursor:
            check.reset_sessions()
        self._being_made = None
        if fault is None:
            future.set_result(result)
        else:
            future.set_exception(fault)
