"""What attempts on the event loop are lent: so many threads, one attempt's at a time, and clean for the next."""

import json
from pathlib import Path

from django.contrib.contenttypes.models import ContentType

from queueapp import hooks
from queueapp.tasks.settle import OutcomeKind
from queueapp.worker.interrupts import CancelRequested
from tests.samples.coroutines import present
from tests.waiting import wait_until


def lines(mark: Path) -> int:
    return len(mark.read_text().splitlines()) if mark.exists() else 0


def results(outcomes):
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.COMPLETED}
    return [json.loads(outcome.result) for outcome in outcomes]


def test_so_many_threads_are_lent_and_who_waits_for_one_holds_up_nobody_else(pool_of, tmp_path):
    worker, mark = pool_of(2), tmp_path / "mark"
    worker.start("async.hold_thread", 6, mark=str(mark))
    wait_until(lambda: lines(mark) == 2)
    present.clear()
    worker.start("async.meet", 20, times=20)  # which needs no thread
    wait_until(lambda: worker.buffer.oldest_outcome_seconds and len(worker.buffer.concurrent) == 6)
    assert lines(mark) == 2
    mark.with_name("mark.go").touch()
    held = [result for result in results(worker.outcomes()) if isinstance(result, list)]
    assert lines(mark) == len(held) == 6
    assert len({thread for thread, _ in held}) == len({session for _, session in held}) == 2


def test_a_transaction_that_would_be_held_over_an_await_is_an_error_there(pool_of):
    worker = pool_of(1)
    (outcome,) = worker.run("async.leave_transaction")
    assert (outcome.kind, outcome.error_code) == (OutcomeKind.ERROR, "transaction_left_open")
    assert "an atomic() block was not left" in outcome.error_message
    ((user, *_),) = results(worker.run("async.probe_session"))
    assert user


def test_a_scope_cannot_be_opened_on_the_event_loop(pool_of):
    (outcome,) = pool_of(1).run("async.scope_on_loop")
    assert outcome.error_code == "SynchronousOnlyOperation"


def test_what_was_set_in_the_session_is_gone_at_the_next_await(pool_of):
    worker = pool_of(1)
    before = results(worker.run("async.probe_session"))
    (left,) = worker.run("async.leave_settings")
    assert left.kind is OutcomeKind.COMPLETED
    assert results(worker.run("async.probe_session")) == before


def test_a_call_that_goes_on_when_its_attempt_is_cancelled_is_waited_for(pool_of, tmp_path):
    worker, mark = pool_of(1), tmp_path / "mark"
    held, waiting = worker.start("async.hold_thread", 2, mark=str(mark))
    wait_until(lambda: lines(mark) == 1)
    for attempt in (held, waiting):
        worker.pool.interrupt(attempt, CancelRequested)
    wait_until(lambda: list(worker.buffer.concurrent) == [held.key])  # one that waited for its thread needs it no more
    mark.with_name("mark.go").touch()
    assert {outcome.kind for outcome in worker.outcomes()} == {OutcomeKind.CANCELLED}
    assert lines(mark) == 1


def test_an_async_hook_sees_the_outcome(pool_of, monkeypatch):
    monkeypatch.setattr(hooks, "_attempt_hooks", [])
    seen = []

    @hooks.around_attempt()
    async def watch(attempt, proceed):
        outcome = await proceed()
        seen.append((attempt.task.type, outcome.kind, outcome.error_code))
        return outcome

    pool_of(1).run("async.scope_on_loop")
    assert seen == [("async.scope_on_loop", OutcomeKind.ERROR, "SynchronousOnlyOperation")]


def test_a_cursor_that_is_read_bit_by_bit_keeps_its_session_to_its_end(pool_of):
    worker = pool_of(2)
    names = [kind.model for kind in ContentType.objects.order_by("id")]
    assert results(worker.run("async.iterate", 5, times=1_000)) == [names] * 5
    assert results(worker.run("async.iterate", 5, times=2)) == [names[:2]] * 5  # and goes back when it is left
    ((*_, cursors, _, _, _),) = [session[8:] for session in results(worker.run("async.probe_session"))]
    assert cursors == []
