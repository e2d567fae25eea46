"""After which errors a task is tried again, and when: the options of its type."""

import random

import pytest
from django.core.exceptions import ImproperlyConfigured
from pydantic import BaseModel

from queueapp import handlers, tasks
from queueapp.errors import PermanentFailure, RetryLater
from queueapp.handlers import find_handler, handler
from queueapp.models import Task
from queueapp.states import Status
from queueapp.tasks.settle import OutcomeKind, settle
from queueapp.tenancy import operator_scope
from queueapp.worker.executor import Executor
from queueapp.worker.interrupts import Interrupter, SoftTimeout
from queueapp.worker.outcomes import outcome_of_error
from tests.factories import attempt_at, fresh
from tests.tasks.workers import Worker

TYPE = "test.retries"


class Nothing(BaseModel):
    pass


class Busy(ConnectionError):
    """Worth another try."""


@pytest.fixture
def attempt_of(acme, monkeypatch):
    """An attempt at a task with three retries, by the function with the options."""

    def attempt_of(function, **options):
        monkeypatch.setattr(handlers, "_handlers", dict(handlers._handlers))
        handler(TYPE, params=Nothing, max_retries=3, **options)(function)
        tasks.submit(TYPE, tenant_id=acme.id)
        worker = Worker()
        return attempt_at(worker.claim(), worker.id)

    return attempt_of


@pytest.fixture
def outcome_of(attempt_of, background):
    """What becomes of a task whose handler raises the error."""

    def outcome_of(error, **options):
        def raise_it(task, params):
            raise error

        attempt = attempt_of(raise_it, **options)
        settle(attempt.worker_id, [Executor(background, Interrupter()).execute(attempt)])
        return fresh(attempt.task)

    return outcome_of


@pytest.mark.parametrize(
    ("options", "error", "status"),
    [
        ({}, ValueError(), Status.FAILED),
        ({"give_up_on": [LookupError]}, KeyError(), Status.DEAD_LETTER),
        ({"give_up_on": [LookupError]}, ValueError(), Status.FAILED),
        ({"retry_on": [ConnectionError]}, Busy(), Status.FAILED),
        ({"retry_on": [ConnectionError]}, ValueError(), Status.DEAD_LETTER),
        ({"retry_on": [ConnectionError]}, SystemExit(1), Status.DEAD_LETTER),
        ({"retry_on": [OSError], "give_up_on": [ConnectionError]}, Busy(), Status.DEAD_LETTER),
        ({"retry_on": [ConnectionError]}, RetryLater(5), Status.FAILED),
        ({"retry_on": [PermanentFailure]}, PermanentFailure("gone"), Status.DEAD_LETTER),
    ],
)
def test_the_class_of_an_error_says_whether_it_is_tried_again(outcome_of, options, error, status):
    task = outcome_of(error, **options)
    assert (task.status, task.failures) == (status, 1)


def test_a_time_out_is_no_error_of_a_class(attempt_of):
    attempt = attempt_of(print, retry_on=[ConnectionError], give_up_on=[BaseException])
    assert outcome_of_error(attempt, SoftTimeout()).kind is OutcomeKind.ERROR


def test_what_is_given_up_keeps_its_error(outcome_of):
    dead = outcome_of(KeyError("order"), give_up_on=(LookupError,))
    assert (dead.error_code, dead.error_message, dead.error_class) == (
        "KeyError",
        "KeyError: 'order'",
        "builtins.KeyError",
    )


def test_the_delay_is_that_of_the_type(outcome_of):
    task = outcome_of(ValueError(), retry_base_seconds=40, retry_max_seconds=60, retry_jitter=0)
    with operator_scope("operator:test"):
        failed = Task.objects.get(id=task.id)
    assert (failed.run_at - failed.updated_at).total_seconds() == pytest.approx(40, abs=0.01)


def test_delays_double_up_to_the_longest_within_the_jitter(monkeypatch):
    monkeypatch.setattr(handlers, "_handlers", {})
    handler(TYPE, params=Nothing, retry_base_seconds=40, retry_max_seconds=100, retry_jitter=0)(print)
    assert [find_handler(TYPE).retry_delay(failures) for failures in (1, 2, 3, 5000)] == [40, 80, 100, 100]
    handler("test.jitter", params=Nothing, retry_base_seconds=10, retry_jitter=0.5)(print)
    monkeypatch.setattr(random, "uniform", lambda low, high: (low, high)[1])
    assert find_handler("test.jitter").retry_delay(1) == 15
    monkeypatch.setattr(random, "uniform", lambda low, high: (low, high)[0])
    assert find_handler("test.jitter").retry_delay(1) == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"retry_base_seconds": 0}, "retry_base_seconds=0, which must be more than 0"),
        ({"retry_base_seconds": 400}, "at most its retry_max_seconds=300"),
        ({"retry_jitter": 1.5}, "retry_jitter=1.5, which must be between 0 and 1"),
        ({"retry_on": ValueError}, "retry_on=.*ValueError.*, which must be a list of exception classes"),
        ({"give_up_on": ["ValueError"]}, r"give_up_on=\['ValueError'\], which must be a list of exception classes"),
    ],
)
def test_options_that_cannot_be_are_refused(options, message):
    with pytest.raises(ImproperlyConfigured, match=message):
        handler(TYPE, params=Nothing, **options)(print)
    assert find_handler(TYPE) is None


@pytest.mark.parametrize("type", ["a b", "", "a..b", "a\n", "x" * 201])
def test_a_type_that_no_task_may_have_is_refused(type):
    with pytest.raises(ImproperlyConfigured, match="has a name that no task may have"):
        handler(type, params=Nothing)(print)
