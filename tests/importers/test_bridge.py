"""The bridge: what callers of Celery's tasks find in the place of them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone

from queueapp import get_task, handlers
from queueapp.contrib.celery import AsyncResult, MaxRetriesExceededError, task
from queueapp.errors import InvalidTask
from queueapp.tenancy import bind_tenant
from queueapp.testing.kit import Kit


class Busy(Exception):
    pass


class Undone(Exception):
    """Ends the test's transaction without a commit."""


@pytest.fixture(autouse=True)
def in_a_transaction(acme, monkeypatch):
    """As in a TestCase; what a test registers is gone after it."""
    monkeypatch.setattr(handlers, "_handlers", dict(handlers._handlers))
    with pytest.raises(Undone), transaction.atomic():
        with bind_tenant(acme.id):
            yield
        raise Undone


@pytest.fixture
def add():
    @task("bridge.add", max_retries=2)
    def add(first: int, second: int = 0) -> int:
        if first < 0:
            raise ValueError("negative")
        return first + second

    return add


def row(result):
    return get_task(UUID(result.id))


def seconds_until(moment):
    return (moment - datetime.now(UTC)).total_seconds()


def test_delay_submits_what_a_call_would_be_given(add):
    found = row(add.delay(1, second=2))
    assert (found.type, found.params, found.status) == ("bridge.add", {"first": 1, "second": 2}, "queued")
    assert add(1, 2) == 3
    add.delay_on_commit(5)
    Kit().assert_enqueued("bridge.add", {"first": 5})
    with pytest.raises(InvalidTask, match="first"):
        add.delay("one")


def test_apply_async_has_celerys_options(add):
    calls = [
        (((1,), {"second": 2}), {"queue": "celery", "priority": 0, "countdown": -5, "serializer": "json"}),
        ((), {"args": [1], "countdown": 60, "priority": 9}),
        (([1],), {"eta": timezone.make_naive(timezone.now() + timedelta(hours=1))}),
    ]
    now, later, never = (row(add.apply_async(*given, **options)) for given, options in calls)
    assert (now.params["second"], now.queue, now.priority, now.status) == (2, "default", 10, "queued")
    assert 50 < seconds_until(later.run_at) < 60 and later.priority == 1
    assert 3500 < seconds_until(never.run_at) <= 3600


@pytest.mark.parametrize(
    ("make_expiry", "seconds"), [(lambda: 90, 90), (lambda: timezone.now() + timedelta(hours=2), 7200)]
)
def test_a_task_may_expire(add, make_expiry, seconds):
    found = row(add.apply_async((1,), expires=make_expiry()))
    assert seconds - 60 < seconds_until(found.expires_at) <= seconds


def test_options_without_a_counterpart_are_refused_by_name(add):
    with pytest.raises(TypeError, match=r"apply_async\(link=, task_id=\) is not bridged"):
        add.apply_async((1,), link=add, task_id="x")
    Kit().refute_enqueued("bridge.add")


@pytest.mark.parametrize(
    ("argument", "expected"),
    [(1, ("SUCCESS", True, True, False, 1)), (-1, ("RETRY", False, False, False, None))],
)
def test_a_result_tells_how_the_task_stands(add, argument, expected):
    result = add.delay(argument)
    assert (result.status, result.ready(), result.result) == ("PENDING", False, None)
    with pytest.raises(TimeoutError):
        result.get(timeout=0)
    Kit().drain()
    again = AsyncResult(str(result.id))
    found = (again.state, again.ready(), again.successful(), again.failed(), again.result)
    assert found == expected and again == result


def test_a_result_of_a_failure_a_cancel_and_an_unknown_id(add):
    failed, cancelled = add.delay(-1), add.apply_async((1,), countdown=60)
    Kit().drain(with_retries=True)
    cancelled.revoke(terminate=True)
    assert (failed.status, str(failed.result)) == ("FAILURE", "ValueError: negative")
    with pytest.raises(type(failed.result), match="negative"):
        failed.get()
    assert cancelled.status == "REVOKED"
    assert {AsyncResult(each).status for each in ("nonsense", "01890a5d-ac96-774b-bcce-b302099a8057")} == {"PENDING"}


@pytest.fixture
def bound():
    """A bound task that does what its parameter says, and what each of its attempts saw of itself."""
    seen = []

    @task("bridge.bound", bind=True, max_retries=2, retry_base_seconds=7, retry_jitter=0, retry_on=())
    def bound(self, way: str):
        seen.append((self.request.id, self.request.retries, self.max_retries, self.name))
        try:
            raise Busy("try again")
        except Busy as error:
            ways = {
                "countdown": {"exc": error, "countdown": 30},
                "eta": {"exc": error, "eta": datetime.now(UTC) + timedelta(seconds=30)},
                "default": {},
                "lowered": {"exc": error, "max_retries": 0},
            }
            raise self.retry(**ways[way]) from error

    bound.seen = seen
    return bound


@pytest.mark.parametrize(("way", "delay"), [("countdown", 30), ("eta", 30), ("default", 7)])
def test_a_bound_task_asks_for_a_retry(bound, way, delay):
    result = bound.delay(way)
    Kit().drain()
    assert result.status == "RETRY" and delay - 5 < seconds_until(row(result).run_at) <= delay
    Kit().drain(with_retries=True)
    ended = row(result)
    error = "MaxRetriesExceededError" if way == "default" else "Busy"
    assert (ended.status, ended.error_class.rpartition(".")[2], ended.failures) == ("dead_letter", error, 3)
    assert bound.seen == [(result.id, retries, 2, "bridge.bound") for retries in (0, 1, 2)]


def test_a_retry_may_ask_for_fewer_than_the_task_has(bound):
    result = bound.delay("lowered")
    Kit().drain(with_retries=True)
    assert (row(result).failures, str(result.result)) == (1, "bridge.bound was tried 1 times: try again")


def test_a_bound_task_that_is_called_raises_its_error(bound):
    with pytest.raises(Busy):
        bound("countdown")
    with pytest.raises(MaxRetriesExceededError, match="was tried 1 times"):
        bound("default")
    assert bound.seen[0] == (None, 0, 2, "bridge.bound")


def test_a_bound_function_needs_a_place_for_itself():
    with pytest.raises(ImproperlyConfigured, match="no parameter for the task itself"):

        @task("bridge.wrong", bind=True)
        def wrong(): ...

    with pytest.raises(ImproperlyConfigured, match="async def"):

        @task("bridge.wrong", bind=True)
        async def later(self): ...
