"""A pause that has an end ends by itself, and by nothing else."""

from datetime import timedelta

import pytest

from queueapp import clock, maintenance
from queueapp.models import OperatorAction, Queue
from queueapp.operators import service
from queueapp.tenancy import operator_scope
from tests.tasks.staging import in_turn


@pytest.fixture
def paused(clean_database):
    with operator_scope("operator:test"):
        service.pause_queue("default", "bad encoder", clock.now() + timedelta(hours=1))
        Queue.objects.create(name="open-ended")
        service.pause_queue("open-ended")


def pass_the_end():
    with operator_scope("operator:test"):
        Queue.objects.filter(name="default").update(paused_until="2026-01-01T00:00Z")


def paused_queues():
    with operator_scope("operator:test"):
        return set(Queue.objects.filter(paused_at__isnull=False).values_list("name", flat=True))


def test_a_queue_is_resumed_at_the_end_of_its_pause_by_the_system(paused):
    maintenance.run_once()
    assert paused_queues() == {"default", "open-ended"}
    pass_the_end()
    assert maintenance.run_once()["pauses_ended"] == 1
    assert paused_queues() == {"open-ended"}
    with operator_scope("operator:test"):
        queue, last = Queue.objects.get(name="default"), OperatorAction.objects.latest("id")
    assert (queue.pause_reason, queue.paused_by, queue.paused_until) == ("", "", None)
    assert (last.actor, last.action, last.target) == ("system:maintenance", "queue.resume", "default")
    assert last.detail == {"reason": "its pause has reached its end"}


def test_a_pause_that_is_prolonged_meanwhile_holds(paused):
    pass_the_end()

    def prolong():
        with operator_scope("operator:test"):
            service.pause_queue("default", until=clock.now() + timedelta(hours=2))

    in_turn(prolong, maintenance.run_once)
    assert paused_queues() == {"default", "open-ended"}
