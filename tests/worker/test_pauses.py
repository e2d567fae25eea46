"""A pause that has returned lets nothing start: neither what is being claimed nor what waits in a worker's buffer."""

from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from queueapp import tasks
from queueapp.claiming import Capabilities, Claimer
from queueapp.claiming.pauses import HEAR_SECONDS
from queueapp.handlers import get_handler
from queueapp.models import Queue, Task, Worker
from queueapp.models.base import new_id
from queueapp.operators import pauses, service
from queueapp.operators.pauses import await_pause
from queueapp.tasks.attempt import Attempt
from queueapp.tasks.queries import unconfirmed_workers
from queueapp.tenancy import operator_scope, worker_scope
from queueapp.worker.heartbeats import register, sign_off
from queueapp.worker.pauses import PauseWatch
from queueapp.worker.prefetch import PrefetchBuffer
from tests.clusters import running_cluster
from tests.factories import fresh
from tests.tasks.staging import held_open, in_turn
from tests.waiting import threads, wait_until
from tests.worker.claimers import submit


class WorkerParts:
    """What of a worker claims, starts and pauses; the test is its threads."""

    def __init__(self, queues: tuple[str, ...] | None = None) -> None:
        self.id: UUID = new_id()
        capabilities = Capabilities(queues)
        register(self.id, new_id(), capabilities)
        self.claimer = Claimer(self.id, capabilities)
        self.claimer.batch_sizes.record("sample.noop", "default", 0.0001)
        self.buffer = PrefetchBuffer()
        self.watch = PauseWatch(self.id, self.claimer.pauses, self.buffer)

    def claim(self) -> int:
        """As the main loop does; returns how many may start."""
        claimed = self.claimer.claim()
        self.buffer.load(Attempt(task, self.id, get_handler(task.type)) for task in claimed)
        self.watch.hand_back()
        return len(self.buffer.held()) if self.buffer.has_unstarted else 0


@pytest.fixture
def worker(clean_database):
    return WorkerParts()


def pause(name="default"):
    with operator_scope("operator:test"):
        service.pause_queue(name)


def resume(name="default"):
    with operator_scope("operator:test"):
        service.resume_queue(name)


def unconfirmed(name="default"):
    with operator_scope("operator:test"):
        return unconfirmed_workers(name)


def statuses():
    with operator_scope("operator:test"):
        return set(Task.objects.values_list("status", flat=True))


def test_what_is_prefetched_is_handed_back_before_the_pause_is_confirmed(acme, worker):
    submit(acme, 50)
    assert worker.claim() == 50
    running = worker.buffer.start_next()
    pause()
    assert unconfirmed() == [worker.id]
    worker.watch.obey()
    assert unconfirmed() == []
    assert worker.buffer.start_next() is None
    assert list(worker.buffer.held()) == [running.key]
    with operator_scope("operator:test"):
        assert Task.objects.filter(status="queued", failures=0, crash_count=0).count() == 49


def test_a_claim_in_flight_is_handed_back(acme, worker):
    """It looked before the pause, and gets its tasks when the pause is confirmed already."""
    submit(acme, 50)
    worker.claimer._poll()  # so that it looks for a second at nothing but tasks
    claimed = []

    def claim():
        with worker_scope(worker.id):
            claimed.extend(worker.claimer.claim())

    with threads(1) as run, held_open(run, claim):
        pause()
        worker.watch.obey()
        assert unconfirmed() == []
    assert len(claimed) == 50
    worker.buffer.load(Attempt(task, worker.id, get_handler(task.type)) for task in claimed)
    assert worker.watch.hand_back()
    assert worker.buffer.start_next() is None


def test_a_worker_that_has_confirmed_claims_nothing_although_it_read_its_partitions_before(acme, worker):
    submit(acme, 50)
    worker.claimer._poll()
    pause()
    worker.watch.obey()
    assert worker.claim() == 0
    assert statuses() == {"queued"}


def test_while_the_main_thread_rests_its_polls_hear_of_pauses_and_its_heartbeat_asks_only_where_they_did_not(worker):
    worker.claim()
    worker.watch.is_resting = True
    with CaptureQueriesContext(connection) as queries:
        assert worker.watch.obey()
    assert not queries
    pause()
    worker.claimer._poll()
    worker.watch.confirm()
    assert unconfirmed() == []
    resume()
    pause()
    worker.claimer.pauses._heard_at -= HEAR_SECONDS
    assert worker.watch.obey()
    assert unconfirmed() == []


def test_a_resting_worker_hears_from_its_polls_that_it_was_declared_dead(worker):
    sign_off(worker.id)
    worker.claim()
    worker.watch.is_resting = True
    assert not worker.watch.obey()


def test_after_the_resume_it_goes_on_at_its_next_poll(acme, worker):
    submit(acme, 50)
    pause()
    worker.watch.obey()
    resume()
    worker.claimer._poll()
    assert worker.claim() == 50
    worker.watch.obey()
    assert len(worker.buffer.held()) == 50


def test_a_worker_that_heard_of_the_resume_is_waited_for_again(acme, worker):
    pause()
    worker.watch.obey()
    resume()
    worker.claimer._poll()  # it may start tasks from now on, and its row does not say so yet
    pause()
    assert unconfirmed() == [worker.id]
    worker.watch.obey()
    assert unconfirmed() == []


def test_an_earlier_state_that_is_heard_later_changes_nothing(worker):
    worker.claimer.pauses.hear(7, ["default"])
    worker.claimer.pauses.hear(6, [])
    assert worker.claimer.pauses.state == (7, {"default"})


def test_pauses_are_numbered_as_they_commit(clean_database):
    """Also those of different queues, so that whoever knows the second knows the first."""
    with operator_scope("operator:test"):
        Queue.objects.create(name="other")
    in_turn(pause, lambda: pause("other"))
    with operator_scope("operator:test"):
        first, second = (Queue.objects.get(name=name).pause_seq for name in ("default", "other"))
    assert 0 < first < second


def test_only_live_workers_that_serve_the_queue_are_waited_for(acme, worker):
    stopped, elsewhere, silent, holding = (WorkerParts(queues) for queues in (None, ("config",), None, None))
    sign_off(stopped.id)
    submit(acme)
    assert holding.claim() == 1
    with operator_scope("operator:test"):
        Worker.objects.filter(id__in=[silent.id, holding.id]).update(heartbeat_at="2026-01-01T00:00Z")
    pause()
    assert set(unconfirmed()) == {worker.id, holding.id}
    assert elsewhere.id not in unconfirmed()


def test_a_worker_that_starts_after_the_pause_confirms_it_at_once(acme, clean_database):
    pause()
    worker = WorkerParts()
    submit(acme)
    assert worker.claim() == 0
    worker.watch.obey()
    assert unconfirmed() == []


def test_a_pause_waits_for_those_who_must_confirm_and_says_who_did_not(worker, monkeypatch):
    pause()
    monkeypatch.setattr(pauses, "CONFIRM_SECONDS", 0.0)
    assert await_pause("default") == [worker.id]
    monkeypatch.undo()
    with threads(1) as run:
        waiting = run(await_pause, "default")
        worker.watch.obey()
        assert waiting.result() == []


def test_in_a_cluster_nothing_starts_once_the_pause_has_returned(acme, tmp_path):
    marks = tmp_path / "marks"
    with running_cluster(workers=2):
        params = {"mark": str(marks), "seconds": 0.002}
        tasks.submit_many([{"type": "sample.record", "params": params}] * 20_000, tenant_id=acme.id)
        for _ in range(3):
            wait_until(lambda: marks.exists() and statuses() >= {"queued", "leased"})
            pause()
            wait_until(lambda: not await_pause("default"))
            started = len(marks.read_text().splitlines())
            wait_until(lambda: "leased" not in statuses())
            canary = tasks.submit("echo", queue="config", tenant_id=acme.id)
            wait_until(lambda task=canary: fresh(task).status == "completed")
            assert len(marks.read_text().splitlines()) == started
            marks.unlink()
            resume()
    with operator_scope("operator:test"):
        assert not Task.objects.filter(crash_count__gt=0).exists()
