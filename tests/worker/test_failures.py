"""What is kept, shown and logged of an attempt: how long its handler ran, what it raised, and where."""

import json
import logging
from uuid import uuid4

import pytest
from django.db.models import Max, Min, Sum

from queueapp import handlers, maintenance, tasks
from queueapp.apikeys.key_format import new_key
from queueapp.errors import PermanentFailure, RetryLater
from queueapp.models import Task, TaskLog
from queueapp.redaction import masked_text
from queueapp.tasks import queries
from queueapp.tasks.settle import OutcomeKind, failed, settle
from queueapp.tenancy import operator_scope
from queueapp.worker.background_connection import BackgroundConnection
from queueapp.worker.context import TaskContext
from queueapp.worker.executor import Executor
from queueapp.worker.failures import MAX_TRACEBACK_BYTES, class_path, traceback_text
from queueapp.worker.interrupts import Interrupter
from queueapp.worker.log_context import AttemptFilter
from tests.clusters import running_cluster
from tests.factories import attempt_at, fresh
from tests.samples.handlers import Anything
from tests.tasks.workers import Worker, make_due
from tests.waiting import wait_until


class ShopError(Exception):
    """Raised by handlers of these tests."""


@pytest.fixture
def execute(acme, background, monkeypatch):
    """Submit a task whose handler is the function, and execute its attempts as a worker does."""
    monkeypatch.setattr(handlers, "_handlers", dict(handlers._handlers))

    def execute(function, *, attempts=1, **options):
        handlers.handler("test.function", params=Anything, transactional=options.pop("transactional", False))(function)
        task = tasks.submit("test.function", tenant_id=acme.id, **options)
        for _ in range(attempts):
            make_due(task.id)
            worker = Worker()
            attempt = attempt_at(worker.claim(), worker.id)
            if outcome := Executor(background, Interrupter()).execute(attempt):
                settle(worker.id, [outcome])
        return fresh(task)

    return execute


def failures_of(task):
    with operator_scope("operator:test"):
        entries = TaskLog.objects.filter(task_id=task.id, from_status="leased").order_by("id")
        return [(entry.to_status, entry.detail, entry.run_seconds) for entry in entries]


def raise_by_attempt(task, params):
    raise ShopError(f"attempt {task.attempt}")


def test_a_failure_keeps_its_class_and_traceback_and_so_does_each_attempt_in_the_log(execute):
    dead = execute(raise_by_attempt, attempts=2, max_retries=1)
    assert (dead.status, dead.error_class) == ("dead_letter", f"{__name__}.ShopError")
    first, last = failures_of(dead)
    for (status, detail, run_seconds), expected in ((first, ("failed", 1)), (last, ("dead_letter", 2))):
        assert (status, detail["exception_class"]) == (expected[0], dead.error_class)
        assert "in raise_by_attempt" in detail["traceback"]
        assert detail["traceback"].endswith(f"ShopError: attempt {expected[1]}")
        assert run_seconds > 0
    assert dead.error_traceback == last[1]["traceback"]
    assert dead.run_seconds == last[2]


def test_a_later_success_and_a_retry_by_hand_forget_what_the_log_remembers(execute, acme):
    def mend(task, params):
        if task.attempt == 1:
            raise ShopError("not yet")

    done = execute(mend, attempts=2, max_retries=1)
    assert (done.status, done.error_detail) == ("completed", None)
    (failed, detail, _), (completed, nothing, run_seconds) = failures_of(done)
    assert (failed, completed, nothing) == ("failed", "completed", None)
    assert "not yet" in detail["traceback"]
    assert 0 < run_seconds == done.run_seconds


def test_a_retry_by_hand_clears_the_failure(execute, acme):
    dead = execute(raise_by_attempt)
    assert dead.error_traceback
    again = tasks.retry(dead.id, tenant_id=acme.id)
    assert (again.error_detail, again.run_seconds) == (None, None)


@pytest.mark.parametrize("transactional", [False, True])
def test_a_transactional_handler_keeps_how_long_it_ran_as_any_other(execute, transactional):
    done = execute(lambda task, params: None, transactional=transactional)
    assert done.status == "completed"
    assert done.run_seconds > 0


class Unspeakable(Exception):
    """Cannot say what it is."""

    def __str__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ShopError("x" * 60_000), "ShopError: xxx"),
        (ShopError("\n".join("€" * 500 for _ in range(500))), "bytes left out"),
        (ShopError("nul \x00 and half \ud800"), "nul \\0 and half ?"),
        (Unspeakable(), "Unspeakable"),
        (ExceptionGroup("many", [ValueError(str(n)) for n in range(1_000)]), "ValueError: 0"),
        (PermanentFailure("password=hunter2 refused"), "password=*** refused"),
    ],
)
def test_whatever_is_raised_its_traceback_can_be_kept(execute, caplog, error, told):
    def work(task, params):
        raise error

    # pytest-xdist cannot carry half a character of a record to its other process
    with caplog.at_level(logging.CRITICAL, logger="queueapp.tasks.failure_log"):
        dead = execute(work)
    assert dead.status == "dead_letter"
    assert told in dead.error_traceback
    assert len(dead.error_traceback.encode()) <= MAX_TRACEBACK_BYTES
    assert "in work" in dead.error_traceback


def test_a_long_traceback_keeps_its_beginning_and_its_end():
    def down(depth):
        if depth == 0:
            raise ShopError("at the bottom")
        further(depth)

    def further(depth):  # two in turn, since Python folds the repetitions of one line
        down(depth - 1)

    with pytest.raises(ShopError) as raised:
        down(150)
    text = traceback_text(raised.value)
    assert text.startswith("Traceback (most recent call last):")
    assert "bytes left out" in text
    assert text.endswith("ShopError: at the bottom")
    assert MAX_TRACEBACK_BYTES / 2 < len(text.encode()) <= MAX_TRACEBACK_BYTES


def test_a_class_of_any_name_has_a_path_that_fits():
    assert class_path(type("Very" * 100, (Exception,), {})()) == f"{__name__}.{'Very' * 100}"[:200]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("password=hunter2 x", "password=*** x"),
        ("login(api_key='a b', n=1)", "login(api_key=***, n=1)"),
        ('{"access_token": "abc", "n": 1}', '{"access_token": ***, "n": 1}'),
        (r'"{\"secret\": \"abc\"}"', r'"{\"secret\": ***}"'),
        ("https://bob:pw@example.com/?token=abc&n=1", "https://bob:***@example.com/?token=***&n=1"),
        ("Authorization: Bearer abcdefgh123 x", "Authorization: *** x"),
        ("sent Bearer abcdefgh123", "sent Bearer ***"),
        ("if token == other:", "if token == other:"),
        ("max_tokens=5, secretary: Bob", "max_tokens=5, secretary: Bob"),
    ],
)
def test_a_text_hides_what_is_named_like_a_secret(text, shown):
    assert masked_text(text) == shown


@pytest.mark.parametrize("before", [0, 980, 995, 9_980, 9_995])
def test_a_secret_that_stands_where_a_text_is_cut_leaves_no_part_of_itself(before):
    key = new_key()
    error = ShopError("x" * before + key)
    outcome = failed(uuid4(), 1, OutcomeKind.ERROR, "code", str(error))
    known = traceback_text(ShopError(f"{'x' * before}swordfish"), ["swordfish"])
    for text in (traceback_text(error), outcome.error_message, known):
        assert key[12:20] not in text
        assert "swo" not in text


def told(caplog):
    return [
        (each.levelname, each.getMessage(), each.to_status, each.exc_info is not None)
        for each in caplog.records
        if getattr(each, "event", "") == "task_state"
    ]


def test_a_failure_with_a_try_left_is_a_warning_and_a_dead_letter_an_error(execute, caplog):
    dead = execute(raise_by_attempt, attempts=2, max_retries=1)
    assert told(caplog) == [
        ("WARNING", f"failed: {__name__}.ShopError: attempt 1", "failed", True),
        ("ERROR", f"dead letter: {__name__}.ShopError: attempt 2", "dead_letter", True),
    ]
    line = caplog.records[-1]
    assert (line.task_id, line.tenant_id, line.task_type) == (str(dead.id), str(dead.tenant_id), "test.function")
    assert (line.attempt, line.error_code) == (2, "ShopError")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (RetryLater(5, "busy"), ("WARNING", "failed: busy", "failed", False)),
        (PermanentFailure("refused"), ("ERROR", "dead letter: refused", "dead_letter", False)),
    ],
)
def test_what_a_handler_raises_on_purpose_is_logged_without_a_traceback(execute, caplog, error, line):
    def work(task, params):
        raise error

    execute(work, max_retries=1)
    assert told(caplog) == [line]


def test_a_result_that_cannot_be_kept_is_a_dead_letter_like_any_other(execute, caplog):
    execute(lambda task, params: "\x00")
    assert told(caplog) == [("ERROR", "dead letter: the result holds a NUL character", "dead_letter", False)]


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (lambda task: task.log("x" * 65_537), "a log line's message may have 65536 characters, not 65537"),
        (lambda task: task.log("x", all="x" * 65_536), "a log line's detail may take 65536 bytes, not 65547"),
        (lambda task: task.progress(0.5, "x" * 1_001), "a progress message may have 1000 characters, not 1001"),
        (lambda task: task.note("n", "x" * 100_001), "a note's content must be a text of 0 to 100000 characters"),
        (lambda task: task.metric("m", "x" * 65_536), "a metric's value may take 65536 bytes, not 65538"),
    ],
)
def test_what_is_too_long_names_its_limit(execute, write, says):
    dead = execute(lambda task, params: write(task))
    assert (dead.error_code, dead.error_message) == ("ValueError", f"ValueError: {says}")


def test_a_line_of_60_megabytes_is_never_sent(execute, monkeypatch):
    sent = []
    monkeypatch.setattr(BackgroundConnection, "call", lambda self, function, *args: sent.append(function))
    dead = execute(lambda task, params: task.log("x" * 60_000_000))
    assert (dead.error_code, sent) == ("ValueError", [])


@pytest.mark.parametrize(("message", "kept"), [(ValueError("no"), "no"), (5, "5"), ("x" * 65_536,) * 2])
def test_anything_can_be_logged(execute, message, kept):
    done = execute(lambda task, params: task.log(message))
    assert done.status == "completed"
    with operator_scope("operator:test"):
        assert TaskLog.objects.get(task_id=done.id, kind="log").message == kept


def test_handlers_run_one_after_the_other_so_their_times_add_up_to_less_than_the_span(acme):
    with running_cluster(workers=1):
        requests = [{"type": "sample.record", "params": {"seconds": 0.005}}] * 40
        ids = tasks.submit_many(requests, tenant_id=acme.id)

        def rows():
            return Task.objects.filter(id__in=ids, status="completed")

        def all_done():
            with operator_scope("operator:test"):
                return rows().count() == len(ids)

        wait_until(all_done)
    with operator_scope("operator:test"):
        seen = rows().aggregate(ran=Sum("run_seconds"), first=Min("started_at"), last=Max("finished_at"))
        shortest = min(rows().values_list("run_seconds", flat=True))
    span = (seen["last"] - seen["first"]).total_seconds()
    assert shortest >= 0.005
    assert seen["ran"] <= span
    maintenance.run_once()
    with operator_scope("operator:test"):
        (row,) = queries.usage_rows()
        (completed,) = [each for each in queries.recent_activity(minutes=60) if each["status"] == "completed"]
    assert row["average_run_seconds"] == pytest.approx(seen["ran"] / len(ids))
    assert completed["mean_run_seconds"] == row["average_run_seconds"]


def test_every_line_that_a_handler_or_a_thread_of_its_own_logs_says_which_task_it_is_about(acme):
    with running_cluster(workers=1) as cluster:
        task = tasks.submit("sample.writes_log", tenant_id=acme.id)
        wait_until(lambda: fresh(task).status == "completed")
        cluster.log.seek(0)
        lines = [json.loads(line) for line in cluster.log.read().splitlines() if line.startswith("{")]
    about = {"tenant_id": str(acme.id), "task_type": "sample.writes_log", "attempt": 1}
    (own,) = [line for line in lines if line["message"] == "from the handler"]
    (other,) = [line for line in lines if line["message"] == "from its thread"]
    assert about | {"task_id": "its own"} == {name: own[name] for name in (*about, "task_id")}
    assert about | {"task_id": str(task.id)} == {name: other[name] for name in (*about, "task_id")}


def test_the_platforms_own_threads_log_about_no_task(execute, background):
    lines = []

    class Keep(logging.Handler):
        def emit(self, record):
            lines.append((record.threadName, getattr(record, "task_type", None)))

    def work(task: TaskContext, params: Anything):
        log = logging.getLogger("test.platform_threads")
        keep = Keep()
        keep.addFilter(AttemptFilter(lambda: task._attempt))
        log.addHandler(keep)
        try:
            log.error("here")
            background.call(log.error, "there")
        finally:
            log.removeHandler(keep)

    execute(work)
    (main, about), (background_thread, about_nothing) = lines
    assert (main, about) == ("MainThread", "test.function")
    assert background_thread.startswith("background")
    assert about_nothing is None
