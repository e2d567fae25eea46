"""The reference worker against a live server: two capabilities, a kill, a cancel, and a clean end."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from subprocess import Popen
from urllib.parse import urlsplit

import pytest
from django.db.models.functions import Now

from queueapp import tasks
from queueapp.maintenance import run_once
from queueapp.models import Task, Worker
from queueapp.tenancy import operator_scope
from tests.factories import fresh
from tests.waiting import PATIENCE_SECONDS, wait_until
from tests.web import python, running_server
from tests.worker_api.conftest import CLASSIFICATION, YOUTUBE, make_key
from tests.worker_api.relay import relay

SOURCES = {"categories": ["IdeaInspiration.Sources.*"]}


@pytest.fixture
def server(acme):
    with running_server() as address:
        yield address


@contextmanager
def reference_worker(server: str, key: str) -> Iterator[Popen[str]]:
    """A worker that has polled once, killed at the end if it still runs."""
    process = python("clients/reference_worker.py", TASKRUNNER_URL=server, TASKRUNNER_WORKER_KEY=key)
    try:
        wait_until(lambda: _is_registered(process.pid) or process.poll() is not None)
        yield process
    finally:
        process.kill()
        print(process.communicate()[0])


@pytest.fixture
def submit(acme):
    """Submit a task of acme's."""
    return lambda type, **params: tasks.submit(type, params, tenant_id=acme.id, max_retries=1)


def test_it_completes_what_it_can_and_never_takes_the_rest(server, acme, submit):
    with reference_worker(server, make_key(acme, "worker", **SOURCES)) as process:
        not_for_it = submit(CLASSIFICATION)
        submitted = [submit(YOUTUBE, query="cats") for _ in range(3)]
        wait_until(lambda: all(fresh(task).status == "completed" for task in submitted))
        assert (fresh(not_for_it).status, fresh(not_for_it).attempt) == ("queued", 0)
        assert fresh(submitted[0]).result["worker"].endswith(f"-{process.pid}")


def test_each_of_two_workers_takes_what_its_key_allows(server, acme, submit):
    """The second one's key allows a type that it has no handler for: it says so, and no retry is wasted on it."""
    other = make_key(acme, "worker", categories=["IdeaInspiration.Classification"], region="eu")
    with reference_worker(server, make_key(acme, "worker", **SOURCES)), reference_worker(server, other):
        video, text = submit(YOUTUBE), submit(CLASSIFICATION)
        wait_until(lambda: fresh(video).status == "completed" and fresh(text).status == "dead_letter")
    assert fresh(text).error_code == "KeyError"
    assert fresh(video).worker_id != fresh(text).worker_id


def test_a_killed_workers_task_is_finished_by_another(server, acme, submit):
    key = make_key(acme, "worker", **SOURCES)
    with reference_worker(server, key) as first:
        task = submit(YOUTUBE, seconds=600)
        wait_until(lambda: fresh(task).status == "leased")
        with operator_scope("operator:test"):
            Task.objects.filter(id=task.id).update(params={"seconds": 0})  # for the next attempt
        first.kill()
        first.wait()

        def taken_back():
            """Its last heartbeat may still be on its way through the server, and renew the lease once more."""
            with operator_scope("operator:test"):
                held = Task.objects.filter(id=task.id, status="leased")
                held.update(lease_expires_at=Now() - timedelta(seconds=1))
            run_once()
            return fresh(task).status == "queued"

        wait_until(taken_back)
        with reference_worker(server, key) as second:
            wait_until(lambda: fresh(task).status == "completed")
            row = fresh(task)
            assert row.result["worker"].endswith(f"-{second.pid}")
            assert (row.attempt, row.crash_count, row.failures) == (2, 1, 0)


def test_a_worker_killed_while_it_polls_takes_no_task_with_it(server, acme, submit):
    with reference_worker(server, make_key(acme, "worker", **SOURCES)) as process:
        process.kill()
        process.wait()
        task = submit(YOUTUBE)
        polls_until = time.monotonic() + 3  # its poll looks once a second
        wait_until(lambda: time.monotonic() > polls_until)
        assert (fresh(task).status, fresh(task).attempt) == ("queued", 0)


def test_a_cancelled_task_stops(server, acme, submit):
    with reference_worker(server, make_key(acme, "worker", **SOURCES)):
        task = submit(YOUTUBE, seconds=600)
        wait_until(lambda: fresh(task).status == "leased")
        with operator_scope("operator:test"):
            tasks.cancel(task.id)
        wait_until(lambda: fresh(task).status == "cancelled")


def test_sigterm_ends_an_idle_worker_at_once_and_a_busy_one_after_its_task(server, acme, submit):
    key = make_key(acme, "worker", **SOURCES)
    with reference_worker(server, key) as idle:
        idle.send_signal(signal.SIGTERM)
        assert idle.wait(timeout=PATIENCE_SECONDS) == 0
    with reference_worker(server, key) as busy:
        task = submit(YOUTUBE, seconds=1)
        wait_until(lambda: fresh(task).status == "leased")
        busy.send_signal(signal.SIGTERM)
        assert busy.wait(timeout=PATIENCE_SECONDS) == 0
        assert fresh(task).status == "completed"


def test_a_task_that_is_on_its_way_at_sigterm_is_finished(server, acme, submit):
    with relay(urlsplit(server).port) as between:
        with reference_worker(between.address, make_key(acme, "worker", **SOURCES)) as process:
            task = submit(YOUTUBE)
            assert between.holds.wait(PATIENCE_SECONDS)
            process.send_signal(signal.SIGTERM)
            between.let_go.set()
            assert process.wait(timeout=PATIENCE_SECONDS) == 0
        assert fresh(task).status == "completed"


def test_sigterm_ends_a_worker_whose_server_is_away(acme):
    process = python("clients/reference_worker.py", TASKRUNNER_URL="http://127.0.0.1:1", TASKRUNNER_WORKER_KEY="tr_x")
    try:
        wait_until(lambda: _catches_sigterm(process.pid))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE_SECONDS) == 0
    finally:
        process.kill()
        print(process.communicate()[0])


def _catches_sigterm(pid):
    with open(f"/proc/{pid}/status") as status:
        caught = next(int(line.split()[1], 16) for line in status if line.startswith("SigCgt"))
    return bool(caught >> (signal.SIGTERM - 1) & 1)


def _is_registered(pid):
    with operator_scope("operator:test"):
        return Worker.objects.filter(host=f"{os.uname().nodename}-{pid}").exists()
