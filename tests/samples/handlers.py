"""Sample handlers. Those that leave a mark append lines to a file, which outlives any kill."""

import ctypes
import functools
import hashlib
import logging
import math
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from django.db import connection
from pydantic import BaseModel

from queueapp import tasks
from queueapp.errors import ContinueLater, FieldError, PermanentFailure, RetryLater
from queueapp.handlers import Reusable, handler
from queueapp.models import Task
from queueapp.tasks import settle
from queueapp.tenancy import tenant_scope
from queueapp.worker.context import TaskContext
from tests.samples import coroutines, hell, keeping, telling  # noqa: F401 (register their own)

logger = logging.getLogger(__name__)
kept: list[bytes] = []


class Anything(BaseModel):
    mark: str = ""  # a file to append to
    seconds: float = 0.0
    times: int = 0


def leave_mark(task: TaskContext, params: Anything) -> None:
    if params.mark:
        file = os.open(params.mark, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, f"{task.id} {task.attempt} {os.getpid()}\n".encode())
        os.close(file)


def refuse_marks_of_others(params: Anything, tenant_id: UUID) -> list[FieldError]:
    """Every tenant's marks begin with its own id."""
    own = params.mark.startswith(str(tenant_id))
    return [] if own else [FieldError("mark", "mark_not_allowed", f"must begin with {tenant_id}")]


@handler("sample.checked", params=Anything, validate=refuse_marks_of_others)
@handler("sample.noop", params=Anything)
def noop(task: TaskContext, params: Anything) -> None:
    return None


@handler("sample.record", params=Anything)
@handler("IdeaInspiration.Sources.YouTube", params=Anything)
@handler("IdeaInspiration.Classification", params=Anything)
def record(task: TaskContext, params: Anything) -> int:
    leave_mark(task, params)
    time.sleep(params.seconds)
    return task.attempt


@handler("sample.alone", params=Anything, prefetch=False)
def alone(task: TaskContext, params: Anything) -> int:
    """How many tasks of its tenant are completed while it runs."""
    leave_mark(task, params)
    with tenant_scope(task.tenant):
        return Task.objects.filter(status="completed").count()


@handler("sample.crash", params=Anything)
def crash(task: TaskContext, params: Anything) -> None:
    leave_mark(task, params)
    os.kill(os.getpid(), signal.SIGKILL)


@handler("sample.crash_group", params=Anything)
def crash_group(task: TaskContext, params: Anything) -> None:
    """As those do who mean a program's group and did not give it one."""
    os.killpg(os.getpgrp(), signal.SIGKILL)


@handler("sample.spin", params=Anything)
def spin(task: TaskContext, params: Anything) -> None:
    leave_mark(task, params)
    while True:
        pass


@handler("sample.sleep", params=Anything)
def sleep(task: TaskContext, params: Anything) -> None:
    leave_mark(task, params)
    time.sleep(600)


@handler("sample.read_socket", params=Anything)
def read_socket(task: TaskContext, params: Anything) -> None:
    leave_mark(task, params)
    ours, _theirs = socket.socketpair()
    ours.recv(1)


@handler("sample.catch_all", params=Anything)
def catch_all(task: TaskContext, params: Anything) -> None:
    leave_mark(task, params)
    while True:
        try:
            time.sleep(0.01)
            raise ValueError("as usual")
        except Exception:
            continue


@handler("sample.deaf", params=Anything)
def deaf(task: TaskContext, params: Anything) -> None:
    """C code that gives the interpreter free but returns to it only when it is done."""
    leave_mark(task, params)
    hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 10**9)


@handler("sample.greedy", params=Anything)
def greedy(task: TaskContext, params: Anything) -> None:
    """C code that keeps the interpreter, so that no thread of this process runs."""
    leave_mark(task, params)
    math.factorial(10**8)


@handler("sample.hold", params=Anything)
def hold(task: TaskContext, params: Anything) -> None:
    """C code that keeps the interpreter while it computes, for about so many seconds."""
    leave_mark(task, params)
    started = time.monotonic()
    sum(range(10**7))
    sum(range(int(10**7 * params.seconds / (time.monotonic() - started))))


@handler("sample.hold_idle", params=Anything)
def hold_idle(task: TaskContext, params: Anything) -> None:
    """C code that keeps the interpreter and does nothing."""
    leave_mark(task, params)
    ctypes.PyDLL(None).sleep(600)


@handler("sample.grow", params=Anything)
def grow(task: TaskContext, params: Anything) -> None:
    kept.append(b"x" * 100 * 2**20)
    time.sleep(params.seconds)


@handler("sample.leave_program", params=Anything)
def leave_program(task: TaskContext, params: Anything) -> None:
    """Starts a program in a session of its own, writes down which, and dies."""
    program = subprocess.Popen(["sleep", "600"], start_new_session=True)
    Path(params.mark).write_text(str(program.pid))
    os.kill(os.getpid(), signal.SIGKILL)


@handler("sample.fail", params=Anything, retry_base_seconds=0.05)
def fail(task: TaskContext, params: Anything) -> int:
    leave_mark(task, params)
    if task.attempt <= params.times:
        raise RuntimeError(f"attempt {task.attempt} went wrong")
    return task.attempt


@handler("sample.give_up", params=Anything, max_retries=5)
def give_up(task: TaskContext, params: Anything) -> None:
    raise PermanentFailure("nothing will ever help")


@handler("sample.later", params=Anything, max_retries=1)
def later(task: TaskContext, params: Anything) -> int:
    if task.attempt == 1:
        raise RetryLater(0.05, "the provider asked for it")
    return task.attempt


@handler("sample.in_parts", params=Anything)
def in_parts(task: TaskContext, params: Anything) -> int:
    if task.attempt < 3:
        raise ContinueLater(0.05)
    return task.attempt


@handler("sample.long_error", params=Anything)
def long_error(task: TaskContext, params: Anything) -> None:
    raise type("Very" * 100 + "LongError", (Exception,), {})("what code generators make")


@handler("sample.unstorable", params=Anything)
def unstorable(task: TaskContext, params: Anything) -> None:
    """As if the platform did not know how long a code PostgreSQL keeps."""
    settle.MAX_CODE_CHARACTERS = 10_000
    raise type("Very" * 100 + "LongError", (Exception,), {})("what code generators make")


@handler("sample.later_for_ever", params=Anything)
def later_for_ever(task: TaskContext, params: Anything) -> None:
    raise RetryLater(math.inf, "a server said so")


@handler("sample.misread", params=Anything, retry_base_seconds=0.05)
def misread(task: TaskContext, params: Anything) -> None:
    """Reads what another server sent, which was no such thing."""
    Anything.model_validate({"times": "an error page"})


@handler("sample.exit", params=Anything)
def exit_process(task: TaskContext, params: Anything) -> None:
    sys.exit("as a command-line tool would")


@handler("sample.measures_itself", params=Anything)
def measures_itself(task: TaskContext, params: Anything) -> None:
    """With a number that JSON does not know."""
    task.progress(Decimal("0.25"))
    leave_mark(task, params)
    while not os.path.exists(params.mark + ".go"):
        time.sleep(0.01)


@handler("sample.transactional", params=Anything, transactional=True)
def transactional(task: TaskContext, params: Anything) -> bool:
    """Submits a child, then dies as often as told: the child must exist once, with the completion."""
    leave_mark(task, params)
    tasks.submit("sample.noop", {}, labels=["child"])
    if task.attempt <= params.times:
        os.kill(os.getpid(), signal.SIGKILL)
    return connection.in_atomic_block


@handler("sample.connection", params=Anything)
def look_at_connection(task: TaskContext, params: Anything) -> dict[str, object]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user = session_user, current_setting('taskrunner.tenant_id', true)")
        unscoped, tenant = cursor.fetchone()
    return {"in_transaction": connection.in_atomic_block, "unscoped": unscoped, "tenant": tenant}


@handler("sample.talk", params=Anything)
def talk(task: TaskContext, params: Anything) -> None:
    task.log("half way", step=1)
    task.progress(0.5, "half way")
    leave_mark(task, params)
    while not os.path.exists(params.mark + ".go"):
        time.sleep(0.01)


@handler("sample.babble", params=Anything)
def babble(task: TaskContext, params: Anything) -> None:
    nested = functools.reduce(lambda inner, _: [inner], range(100), 0)
    odd = {"nul": "a\x00b", "half": "\ud800", "\x00": 1, 2: 3, "nan": float("nan"), "big": 2**64, "path": Path("/x")}
    task.log("a\x00b", odd=[odd], nested=nested)
    task.progress(0.5, "a\x00b")
    leave_mark(task, params)
    while not os.path.exists(params.mark + ".go"):
        time.sleep(0.01)


@handler("sample.not_json", params=Anything)
def not_json(task: TaskContext, params: Anything) -> str:
    return "NUL: \x00"


@handler("sample.attach", params=Anything, max_retries=20, retry_base_seconds=0.5)
def attach(task: TaskContext, params: Anything) -> str:
    """Bytes that can be told from those of any other task."""
    leave_mark(task, params)
    time.sleep(params.seconds)
    return str(task.attach("sample", str(task.id) * params.times, content_type="text/plain"))


class Question(Reusable):
    mark: str = ""
    about: str = ""
    fails: bool = False


@handler("sample.ask", params=Question, result_ttl_seconds=3600)
def ask(task: TaskContext, params: Question) -> dict[str, object]:
    """Work whose result serves for an hour."""
    leave_mark(task, params)
    task.metric("answers", 42)
    task.note("summary", f"asked about {params.about}")
    if params.fails:
        raise RuntimeError("no answer")
    artifact_id = task.attach("answer", b"42", content_type="text/plain")
    return {"artifact_ids": [artifact_id], "summary": f"answer about {params.about}"}


@handler("sample.ask_soon", params=Question, result_ttl_seconds=1.5)
def ask_soon(task: TaskContext, params: Question) -> dict[str, object]:
    leave_mark(task, params)
    return {"summary": "soon stale"}


@handler("sample.ask_elsewhere", params=Question, result_ttl_seconds=3600)
def ask_elsewhere(task: TaskContext, params: Question) -> dict[str, object]:
    """Its artifacts are kept by somebody else, under names of their own."""
    leave_mark(task, params)
    return {"artifact_ids": ["s3://bucket/answer", 7, {"id": None}], "summary": "elsewhere"}


@handler("sample.keep", params=Question, result_ttl_seconds=0)
def keep(task: TaskContext, params: Question) -> dict[str, object]:
    """Keeps runs and is never answered with an earlier result."""
    leave_mark(task, params)
    return {"summary": "again"}


@handler("sample.keyed", params=Question, result_key=lambda params: f"about:{params.about}" if params.about else None)
def keyed(task: TaskContext, params: Question) -> dict[str, object]:
    return {"summary": "keyed"}


@handler("sample.kept_and_transactional", params=Question, result_ttl_seconds=0, transactional=True)
def kept_and_transactional(task: TaskContext, params: Question) -> dict[str, object]:
    tasks.submit("sample.noop", {}, labels=["child"])
    return {"summary": "committed"}


@handler("sample.measure", params=Anything)
def measure(task: TaskContext, params: Anything) -> None:
    """A metric and a note without a run."""
    task.metric("size", {"bytes": 7})
    task.note("remark", "no run here")


@handler("sample.crash_in_run", params=Anything, result_ttl_seconds=0)
def crash_in_run(task: TaskContext, params: Anything) -> dict[str, object]:
    leave_mark(task, params)
    if task.attempt <= params.times:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"summary": "alive"}


@handler("sample.deaf_in_run", params=Anything, result_ttl_seconds=0)
def deaf_in_run(task: TaskContext, params: Anything) -> dict[str, object]:
    return deaf(task, params) or {}


@handler("sample.wait_in_run", params=Anything, result_ttl_seconds=0)
def wait_in_run(task: TaskContext, params: Anything) -> None:
    while True:
        task.check_cancelled()
        time.sleep(0.01)


@handler("sample.writes_log", params=Anything)
def writes_log(task: TaskContext, params: Anything) -> None:
    logger.info("from the handler", extra={"task_id": "its own"})
    other = threading.Thread(target=logger.warning, args=("from its thread",))
    other.start()
    other.join()
