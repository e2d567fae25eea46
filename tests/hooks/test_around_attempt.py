"""around_attempt: what a hook sees, changes and prevents."""

from dataclasses import replace

import pytest

from queueapp.errors import LeaseLost, PermanentFailure
from queueapp.handlers import get_handler
from queueapp.hooks import around_attempt, hooks_around
from queueapp.tasks.settle import OutcomeKind, completed
from queueapp.tenancy import bound_tenant


def test_a_hook_sees_the_attempt_before_and_the_outcome_after(execute, acme):
    seen = []

    @around_attempt()
    def watch(attempt, proceed):
        seen.append((attempt.task.type, attempt.params.times, bound_tenant()))
        outcome = proceed()
        seen.append((outcome.kind, outcome.result))
        return outcome

    assert execute("sample.record", {"times": 7}).status == "completed"
    assert seen == [("sample.record", 7, acme.id), (OutcomeKind.COMPLETED, "1")]


def test_the_first_registered_is_the_outermost(execute):
    order = []
    for name in ("first", "second"):

        @around_attempt()
        def note(attempt, proceed, name=name):
            order.append(f"{name} before")
            outcome = proceed()
            order.append(f"{name} after")
            return outcome

    execute("sample.noop")
    assert order == ["first before", "second before", "second after", "first after"]


def test_a_hook_sees_a_failure_as_an_outcome_and_may_change_it(execute):
    @around_attempt()
    def never_again(attempt, proceed):
        outcome = proceed()
        assert (outcome.kind, outcome.error_code) == (OutcomeKind.ERROR, "RuntimeError")
        return replace(outcome, kind=OutcomeKind.PERMANENT)

    dead = execute("sample.fail", {"times": 9}, max_retries=5)
    assert (dead.status, dead.failures) == ("dead_letter", 1)


def test_a_hook_may_answer_instead_of_the_handler(execute, tmp_path):
    @around_attempt()
    def answer(attempt, proceed):
        return completed(*attempt.key, "from the hook")

    done = execute("sample.record", {"mark": str(tmp_path / "mark")})
    assert (done.status, done.result) == ("completed", "from the hook")
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize(
    ("error_of", "status", "code"),
    [
        (lambda attempt: RuntimeError("broken"), "failed", "RuntimeError"),
        (lambda attempt: KeyboardInterrupt(), "failed", "KeyboardInterrupt"),
        (lambda attempt: PermanentFailure("refused"), "dead_letter", "permanent_failure"),
        (lambda attempt: LeaseLost(*attempt.key), "leased", ""),
        (lambda attempt: LeaseLost(attempt.task.id, attempt.task.attempt + 1), "failed", "LeaseLost"),
    ],
)
def test_what_a_hook_raises_is_taken_as_if_the_handler_had(execute, error_of, status, code):
    @around_attempt()
    def fail(attempt, proceed):
        raise error_of(attempt)

    task = execute("sample.noop", max_retries=1)
    assert (task.status, task.error_code) == (status, code)


def test_a_hook_of_a_transactional_handler_sees_it_settled(execute):
    outcomes = []

    @around_attempt()
    def watch(attempt, proceed):
        outcomes.append(proceed())
        return outcomes[0]

    assert execute("sample.transactional").status == "completed"
    assert outcomes == [None]


def test_parameters_that_are_refused_reach_no_hook(execute_next, make_task):
    called = []
    around_attempt()(lambda attempt, proceed: called.append(attempt))
    make_task(type="sample.noop", params={"times": "many"})
    dead = execute_next()
    assert (dead.status, dead.error_code, called) == ("dead_letter", "task_rejected_invalid_params", [])


def test_a_hook_is_put_around_those_handlers_only_that_it_applies_to():
    @around_attempt(applies_to=lambda handler: handler.transactional)
    def transactions_only(attempt, proceed):
        return proceed()

    assert hooks_around(get_handler("sample.transactional"))[-1:] == [transactions_only]
    assert hooks_around(get_handler("sample.noop")) == []


def test_an_async_hook_is_for_async_handlers_and_a_plain_one_for_plain_ones():
    @around_attempt()
    async def on_loop(attempt, proceed):
        return await proceed()

    @around_attempt()
    def in_main_thread(attempt, proceed):
        return proceed()

    assert hooks_around(get_handler("sample.noop")) == [in_main_thread]
    assert hooks_around(get_handler("async.sum")) == [on_loop]
