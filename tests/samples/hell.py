"""Handlers that do what no handler should, one misbehaviour each; and an honest one that tells what it finds.

Each runs for moments only. `HELL` says how its task ends without retries: with this error code, or "" for completed.
"""

import asyncio
import ctypes
import decimal
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import zlib
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import connection, transaction
from django.db.utils import Error as DatabaseError
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy
from pydantic import BaseModel

from queueapp.errors import LeaseLost, PermanentFailure, RetryLater
from queueapp.handlers import handler
from queueapp.models.base import new_id
from queueapp.tenancy import tenant_scope
from queueapp.worker.context import TaskContext
from queueapp.worker.interrupts import SoftTimeout
from queueapp.worker.process_state import WATCHED_SIGNALS

HELL: dict[str, str] = {}
REPLACED: set[str] = set()  # types after which a new process must take over
KEPT: list[object] = []  # what is never let go


# What a handler may leave in a database session.
SESSION = """
    SELECT session_user::text, current_setting('role'), current_setting('search_path'), current_setting('TimeZone'),
        current_setting('statement_timeout'), current_setting('default_transaction_read_only'),
        coalesce(current_setting('taskrunner.actor', true), ''), coalesce(current_setting('hell.secret', true), ''),
        ARRAY(SELECT pg_listening_channels()), ARRAY(SELECT name FROM pg_cursors WHERE is_holdable),
        (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'),
        ARRAY(SELECT relname::text FROM pg_class WHERE relnamespace = pg_my_temp_schema()),
        ARRAY(SELECT name FROM pg_prepared_statements WHERE name LIKE 'hell%')
"""


class Hell(BaseModel):
    mark: str = ""  # a file for traces of the task's children


def hell(name, code="", *, replaced=False, **options):
    """Register a handler as `hell.<name>`, whose task ends with this code."""
    HELL[f"hell.{name}"] = code
    if replaced:
        REPLACED.add(f"hell.{name}")
    return handler(f"hell.{name}", params=Hell, **options)


@handler("hell.probe", params=Hell)
def probe(task: TaskContext, params: Hell) -> dict[str, object]:
    """Honest: what is to be the same in each attempt, and its process."""
    with connection.cursor() as cursor:
        cursor.execute(SESSION)
        session = cursor.fetchone()
    mask = os.umask(0)
    os.umask(mask)
    return {
        "pid": os.getpid(),
        "signals": [str(signal.getsignal(number)).partition(" at ")[0] for number in WATCHED_SIGNALS],
        "language": translation.get_language(),
        "time_zone": timezone.get_current_timezone_name(),
        "timeout": socket.getdefaulttimeout(),
        "decimal": str(decimal.Decimal(1) / 3),
        "environment": zlib.crc32(repr(sorted(os.environ.items())).encode()),
        "directory": os.getcwd(),
        "umask": mask,
        "threads": sorted(thread.name for thread in threading.enumerate() if not is_idle(thread)),
        "atomic": connection.in_atomic_block,
        "autocommit": connection.get_autocommit(),
        "session": session,
    }


def is_idle(thread):
    """The platform's own, and what `hell.idle_pool` is allowed to leave."""
    return thread.daemon or thread.name.startswith(("background", "ThreadPoolExecutor"))


# transactions


@hell("atomic_never_left", "transaction_left_open")
def atomic_never_left(task: TaskContext, params: Hell) -> None:
    block = transaction.atomic()
    block.__enter__()
    KEPT.append(block)


@hell("atomic_in_a_generator", "transaction_left_open")
def atomic_in_a_generator(task: TaskContext, params: Hell) -> None:
    def rows():
        with transaction.atomic():
            yield 1

    KEPT.append(rows())
    next(KEPT[-1])


@hell("atomic_and_an_error", "ValueError")
def atomic_and_an_error(task: TaskContext, params: Hell) -> None:
    transaction.atomic().__enter__()
    raise ValueError("in the middle")


@hell("scope_never_left", "transaction_left_open")
def scope_never_left(task: TaskContext, params: Hell) -> None:
    scope = tenant_scope()
    scope.__enter__()
    KEPT.append(scope)


@hell("autocommit_off", "transaction_left_open")
def autocommit_off(task: TaskContext, params: Hell) -> None:
    transaction.set_autocommit(False)


@hell("begin", "transaction_left_open")
def begin(task: TaskContext, params: Hell) -> None:
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")


@hell("begin_and_break", "transaction_left_open")
def begin_and_break(task: TaskContext, params: Hell) -> None:
    begin(task, params)
    break_a_statement()


@hell("closed_in_atomic", "transaction_left_open")
def closed_in_atomic(task: TaskContext, params: Hell) -> None:
    transaction.atomic().__enter__()
    connection.close()


@hell("inner_atomic", "transaction_left_open", transactional=True)
def inner_atomic(task: TaskContext, params: Hell) -> None:
    transaction.atomic().__enter__()


@hell("set_rollback", "transaction_spoiled", transactional=True)
def set_rollback(task: TaskContext, params: Hell) -> None:
    transaction.set_rollback(True)


@hell("plain_commit", "transaction_spoiled", transactional=True)
def plain_commit(task: TaskContext, params: Hell) -> None:
    with connection.cursor() as cursor:
        cursor.execute("COMMIT")


@hell("swallowed_error", "transaction_spoiled", transactional=True)
def swallowed_error(task: TaskContext, params: Hell) -> None:
    break_a_statement()


def break_a_statement():
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
    except DatabaseError:
        pass


# what stays in the database session


def sends(name, statement, code="", **options):
    @hell(f"session_{name}", code, **options)
    def send(task: TaskContext, params: Hell) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)


SETTINGS = (
    "SET hell.secret = 'acme''s'; SET taskrunner.actor = 'operator:forged'; SET search_path = 'pg_temp', 'elsewhere';"
    " SET TIME ZONE 'Asia/Kathmandu'; SET statement_timeout = '1h'; SET default_transaction_read_only = on"
)
sends("settings", SETTINGS)
sends("settings_in_a_transaction", "SET hell.secret = 'acme''s'; SET search_path = 'elsewhere'", transactional=True)
sends("settings_and_an_error", f"{SETTINGS}; SELECT 1 / 0", "DataError")
sends("set_config", "SELECT set_config('hell.secret', 'acme''s', false)")
sends("table", "CREATE TEMPORARY TABLE taskrunner_tasks AS SELECT 'acme''s'::text AS id")
sends("table_in_a_transaction", "CREATE TEMPORARY TABLE taskrunner_tasks (id uuid)", transactional=True)
sends("view", "CREATE TEMPORARY VIEW taskrunner_queues AS SELECT 'default'::text AS name")
sends("listen", "LISTEN hell")
sends("lock", "SELECT pg_advisory_lock(42), pg_advisory_lock_shared(43)")
sends("cursor", "DECLARE hell CURSOR WITH HOLD FOR SELECT 'acme''s'")
sends("prepared", "PREPARE hell AS SELECT 'acme''s'")
sends("deallocated", "DEALLOCATE ALL")
sends("discarded", "DISCARD ALL")


# exceptions


class Own(BaseException):
    pass


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError("no words")


class Worse(BaseException):
    def __str__(self):
        raise KeyboardInterrupt

    __repr__ = __str__


class Numbered(PermanentFailure):
    code = 404


class NoCode(PermanentFailure):
    @property
    def code(self):
        raise KeyError("code")


class Faceless(Exception):
    @property
    def __class__(self):
        raise RuntimeError("no class")


class Pretender(Exception):
    @property
    def __class__(self):
        return LeaseLost


class Unpicklable(Exception):
    def __reduce__(self):
        raise TypeError("not this one")


def raises(name, code, make):
    @hell(name, code)
    def raise_it(task: TaskContext, params: Hell) -> None:
        raise make()


raises("cancelled_error", "CancelledError", asyncio.CancelledError)
raises("keyboard_interrupt", "KeyboardInterrupt", KeyboardInterrupt)
raises("generator_exit", "GeneratorExit", GeneratorExit)
raises("system_exit", "SystemExit", lambda: SystemExit(object()))
raises("own_base_exception", "Own", Own)
raises("unspeakable", "Unspeakable", Unspeakable)
raises("worse", "Worse", Worse)
raises("numbered", "404", lambda: Numbered("not found"))
raises("no_code", "handler_error", lambda: NoCode("which?"))
raises("faceless", "handler_error", Faceless)
raises("pretender", "Pretender", Pretender)
raises("unpicklable", "Unpicklable", Unpicklable)
raises("memory_error", "MemoryError", MemoryError)
raises("group", "BaseExceptionGroup", lambda: BaseExceptionGroup("two", [Own(), Unspeakable()]))
raises("lease_of_another", "LeaseLost", lambda: LeaseLost(new_id(), 1))
raises("later_in_text", "retry_later", lambda: RetryLater("60"))
raises("later_in_words", "ValueError", lambda: RetryLater("in an hour"))
raises("translated_failure", "permanent_failure", lambda: PermanentFailure(gettext_lazy("Yes")))


@hell("recursion", "RecursionError")
def recursion(task: TaskContext, params: Hell) -> None:
    recursion(task, params)


@hell("lazy_result")
def lazy_result(task: TaskContext, params: Hell) -> dict[str, object]:
    task.log(ValueError("as an exception"))
    task.log(Unspeakable())
    task.log(gettext_lazy("Yes"), also=gettext_lazy("No"))
    task.progress(0.5, gettext_lazy("Yes"))
    return {"answer": gettext_lazy("Yes"), "more": [gettext_lazy("No")]}


# forks


def forked(name, in_child, code=0):
    @hell(f"fork_{name}")
    def fork(task: TaskContext, params: Hell) -> int:
        """Completed with the exit code of its child, which must be this one."""
        child = os.fork()
        if child == 0:
            return in_child(task)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status == code, status
        return status


def log_in_child(task):
    try:
        task.log("from the child")
    except RuntimeError as error:
        os._exit(7 if "forked from its worker" in str(error) else 8)


def query_in_child(task):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    connection.close()


forked("return", lambda task: 1)
forked("exit", lambda task: sys.exit(3), 3)
forked("raise", lambda task: 1 / 0, 1)
forked("log", log_in_child, 7)
forked("query", query_in_child)
forked("terminated", lambda task: os.kill(os.getpid(), signal.SIGTERM), -signal.SIGTERM)


@hell("fork_in_transaction", transactional=True)
def fork_in_transaction(task: TaskContext, params: Hell) -> int:
    child = os.fork()
    if child:
        os.waitpid(child, 0)
    return child


@hell("fork_left")
def fork_left(task: TaskContext, params: Hell) -> None:
    """The parent is done; its child goes on, and then comes out of the handler as well."""
    if os.fork() == 0:
        time.sleep(30)


# what stays in the process


@hell("ignored_signals")
def ignored_signals(task: TaskContext, params: Hell) -> None:
    for number in WATCHED_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@hell("alarm")
def alarm(task: TaskContext, params: Hell) -> None:
    signal.signal(signal.SIGALRM, lambda *_: sys.exit("late"))
    signal.alarm(1)


@hell("timers")
def timers(task: TaskContext, params: Hell) -> None:
    for number in (signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF):
        signal.signal(number, lambda *_: sys.exit("late"))
    for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
        signal.setitimer(timer, 0.5, 0.5)


@hell("timer_of_its_own")
def timer_of_its_own(task: TaskContext, params: Hell) -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.3, 0.3)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.01)


@hell("language")
def language(task: TaskContext, params: Hell) -> str:
    translation.activate("de")
    timezone.activate("Asia/Kathmandu")
    return gettext_lazy("Yes")


@hell("decimal_context")
def decimal_context(task: TaskContext, params: Hell) -> str:
    decimal.getcontext().prec = 2
    return str(decimal.Decimal(1) / 3)


@hell("socket_timeout")
def socket_timeout(task: TaskContext, params: Hell) -> None:
    socket.setdefaulttimeout(0.001)


@hell("environment")
def environment(task: TaskContext, params: Hell) -> None:
    os.environ["HELL"] = "1"
    os.environ["TZ"] = "Asia/Kathmandu"
    del os.environ["PATH"]
    time.tzset()


@hell("environment_replaced")
def environment_replaced(task: TaskContext, params: Hell) -> None:
    os.environ = {"HELL": "1"}  # noqa: B003 (the misbehaviour)


@hell("directory")
def directory(task: TaskContext, params: Hell) -> None:
    os.chdir("/")


@hell("deleted_directory")
def deleted_directory(task: TaskContext, params: Hell) -> None:
    with TemporaryDirectory() as name:
        os.chdir(name)


@hell("umask")
def umask(task: TaskContext, params: Hell) -> None:
    os.umask(0)


@hell("thread", replaced=True)
def thread(task: TaskContext, params: Hell) -> None:
    threading.Thread(target=time.sleep, args=[3600]).start()


@hell("timer_thread", replaced=True)
def timer_thread(task: TaskContext, params: Hell) -> None:
    threading.Timer(3600, print).start()


@hell("idle_pool")
def idle_pool(task: TaskContext, params: Hell) -> None:
    """No misbehaviour: as asgiref and many libraries do."""
    KEPT.append(ThreadPoolExecutor(1))
    KEPT[-1].submit(int).result()


# programs and children


def tell(params, pid):
    if params.mark:
        with Path(params.mark).open("a") as file:
            file.write(f"{pid}\n")


@hell("program_left")
def program_left(task: TaskContext, params: Hell) -> None:
    tell(params, subprocess.Popen(["sleep", "600"]).pid)


@hell("program_ignores_sigterm")
def program_ignores_sigterm(task: TaskContext, params: Hell) -> None:
    program = subprocess.Popen(["sh", "-c", "trap '' TERM; echo; sleep 600; sleep 600"], stdout=subprocess.PIPE)
    program.stdout.readline()
    tell(params, program.pid)


@hell("program_stopped")
def program_stopped(task: TaskContext, params: Hell) -> None:
    program = subprocess.Popen(["sleep", "600"])
    program.send_signal(signal.SIGSTOP)
    tell(params, program.pid)


@hell("daemon")
def daemon(task: TaskContext, params: Hell) -> None:
    """A program whose parent is gone, in a session of its own."""
    script = "sleep 600 >/dev/null 2>&1 & echo $!"
    pid = subprocess.run(["setsid", "sh", "-c", script], stdout=subprocess.PIPE, timeout=20).stdout
    tell(params, int(pid))


@hell("not_waited_for")
def not_waited_for(task: TaskContext, params: Hell) -> None:
    program = subprocess.Popen(["true"])
    os.waitid(os.P_PID, program.pid, os.WEXITED | os.WNOWAIT)
    tell(params, program.pid)


@hell("terminates_its_program")
def terminates_its_program(task: TaskContext, params: Hell) -> int:
    program = subprocess.Popen(["sleep", "600"])
    program.terminate()
    return program.wait(20)


@hell("children_of_multiprocessing")
def children_of_multiprocessing(task: TaskContext, params: Hell) -> list[object]:
    context = multiprocessing.get_context("fork")
    stubborn = context.Process(target=time.sleep, args=[600])
    stubborn.start()
    stubborn.terminate()
    stubborn.join(20)
    with context.Pool(2) as pool, ProcessPoolExecutor(2, mp_context=context) as executor:
        return [stubborn.exitcode, pool.map(abs, [-1, 2]), list(executor.map(abs, [-3, 4]))]


@hell("helpers_of_multiprocessing")
def helpers_of_multiprocessing(task: TaskContext, params: Hell) -> list[int | None]:
    """All in order, but multiprocessing starts processes of its own that stay: a fork server, a resource tracker."""
    shared = SharedMemory(create=True, size=1)
    child = multiprocessing.get_context("forkserver").Process(target=abs, args=[1])
    child.start()
    child.join(20)
    shared.close()
    shared.unlink()
    return [child.exitcode]


@hell("child_of_multiprocessing_left")
def child_of_multiprocessing_left(task: TaskContext, params: Hell) -> None:
    child = multiprocessing.get_context("fork").Process(target=time.sleep, args=[600])
    child.start()
    tell(params, child.pid)


HELL_TYPES = sorted(HELL)

# what runs on until it is stopped


@handler("hell.waits_for_a_program", params=Hell)
def waits_for_a_program(task: TaskContext, params: Hell) -> None:
    """In C code, which takes up its wait again after each signal."""
    tell(params, os.getpid())
    ctypes.CDLL(None).system(b"sleep 600")


@handler("hell.cleans_up", params=Hell, timeout_seconds=60, soft_timeout_seconds=0.3)
def cleans_up(task: TaskContext, params: Hell) -> str:
    try:
        time.sleep(600)
    except SoftTimeout:
        return "cleaned up"
    return "not told"


@handler("hell.hears_nothing_of_it", params=Hell, timeout_seconds=60, soft_timeout_seconds=0.3)
def hears_nothing_of_it(task: TaskContext, params: Hell) -> None:
    while True:
        try:
            time.sleep(0.01)
            raise ValueError("as usual")
        except Exception:
            continue
