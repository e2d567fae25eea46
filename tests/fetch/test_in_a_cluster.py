"""Fetch tasks in a real cluster: done, cancelled while the server is silent, and done after their worker was killed."""

import os
import signal
import threading

import pytest

from queueapp import tasks
from queueapp.models import Worker
from queueapp.states import FINAL
from queueapp.tenancy import operator_scope
from tests.clusters import running_cluster
from tests.factories import fresh
from tests.fetch.conftest import ALLOWED
from tests.fetch.workers import artifacts_of
from tests.waiting import PATIENCE_SECONDS, wait_until


@pytest.fixture
def cluster(clean_database):
    with running_cluster(FETCH_ALLOWED_NETWORKS=str(ALLOWED[0])) as running:
        yield running


@pytest.fixture
def fetch(acme, configure):
    """Submit a fetch."""
    configure(FETCH={"ALLOWED_NETWORKS": ALLOWED})
    return lambda url: tasks.submit("fetch", {"url": url}, tenant_id=acme.id)


@pytest.fixture
def silent(server):
    """The URL of a page that comes only the second time; meanwhile the first request hangs."""
    released = threading.Event()

    def script(exchange):
        if len(server.asked) == 1:
            released.wait(PATIENCE_SECONDS)
        exchange.answer(b"<p>text</p>", Content_Type="text/html")

    yield server.script("/", script)
    released.set()


def ended(task):
    wait_until(lambda: fresh(task).status in FINAL)
    return fresh(task)


def test_a_page_is_fetched(cluster, server, fetch):
    task = ended(fetch(server.page("/", "<html><body><p>some words</p></body></html>")))
    assert task.status == "completed", task.error_message
    assert artifacts_of(task)["fetch_text"].decode() == f"URL: {server.url}/\n\nsome words"


def test_a_cancel_does_not_wait_for_the_server(cluster, acme, server, fetch, silent):
    task = fetch(silent)
    wait_until(lambda: server.asked)
    tasks.cancel(task.id, tenant_id=acme.id)
    wait_until(lambda: fresh(task).status == "cancelled")


def test_a_fetch_whose_worker_is_killed_is_done_by_another(cluster, server, fetch, silent):
    task = fetch(silent)
    wait_until(lambda: server.asked)
    with operator_scope("operator:test"):
        os.kill(Worker.objects.get(id=fresh(task).worker_id).pid, signal.SIGKILL)
    task = ended(task)
    assert (task.status, task.crash_count, task.failures) == ("completed", 1, 0)
    assert len(server.asked) == 2
