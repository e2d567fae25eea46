"""What a user of the runner tries first, over HTTP on a real web server and cluster."""

import os
import signal
import threading
import time

import pytest

from queueapp.models import Worker
from queueapp.tenancy import operator_scope
from tests.rest.calling import key_for
from tests.waiting import PATIENCE_SECONDS, wait_until


class Http:
    """A client of the live stack."""

    def __init__(self, live, key):
        self._live, self._key = live, key

    def send(self, method, path, body=None, **headers):
        return self._live.send(self._key, method, path, body, **headers)

    def submit(self, path, **body):
        answer = self.send("POST", path, body)
        assert answer.status_code == 202, answer.content
        return answer.json()["id"]

    def task(self, task_id, **headers):
        return self.send("GET", f"/tasks/{task_id}", **headers).json()

    def ended(self, task_id):
        return self.task(task_id, Prefer="wait=20")


@pytest.fixture
def http(live, acme):
    return Http(live, key_for(acme))


def test_a_batch_search_tells_its_progress(http, brave):
    second, released = threading.Event(), threading.Event()

    def reply(request, parameters):
        if parameters["q"] == "second":
            second.set()
            released.wait(PATIENCE_SECONDS)
        brave.answer(request, parameters)

    brave.reply = reply
    task_id = http.submit("/search/batch", queries=["first", "second"], sources=["brave"])
    try:
        assert second.wait(PATIENCE_SECONDS)
        wait_until(lambda: (http.task(task_id)["progress"] or {}).get("message") == "1 of 2 queries")
        assert http.task(task_id)["progress"]["fraction"] == 0.5
    finally:
        released.set()
    task = http.ended(task_id)
    assert (task["status"], task["result"]["summary"]) == ("completed", "6 results from brave")
    document = http.send("GET", f"/artifacts/{task['result']['artifact_ids'][0]}").json()
    assert [entry["query"] for entry in document["queries"]] == ["first", "second"]


def test_a_repeated_sleep_sleeps(http):
    for _ in range(2):
        began = time.monotonic()
        task = http.ended(http.submit("/tasks", type="sleep", params={"seconds": 1}))
        assert (task["status"], task["result"]) == ("completed", {"slept_seconds": 1.0})
        assert time.monotonic() - began >= 1


@pytest.mark.parametrize("overrides", [{"SEARCH_CACHE_TTL_SECONDS": "4", "TASKS_PER_MINUTE": "10000"}], indirect=True)
def test_a_search_older_than_its_time_searches_again(http, brave):
    def search():
        return http.ended(http.submit("/search", query="deep sea", sources=["brave"]))["result"]

    assert [search()["cached"], search()["cached"]] == [False, True]
    assert len(brave.asked) == 1
    wait_until(lambda: search()["cached"] is False)
    assert len(brave.asked) == 2


def test_one_idempotency_key_makes_one_task(http):
    body = {"type": "echo", "params": {"n": 1}}
    first, again = (http.send("POST", "/tasks", body, Idempotency_Key="k") for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    other = http.send("POST", "/tasks", {"type": "sleep", "params": {"seconds": 0}}, Idempotency_Key="k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len(http.send("GET", "/tasks").json()["results"]) == 1


def test_a_task_whose_worker_is_killed_runs_again(http):
    task_id = http.submit("/tasks", type="sleep", params={"seconds": 3})
    wait_until(lambda: http.task(task_id)["status"] == "leased")
    with operator_scope("operator:test"):
        os.kill(Worker.objects.get(id=http.task(task_id)["worker_id"]).pid, signal.SIGKILL)
    task = http.ended(task_id)
    assert (task["status"], task["attempt"], task["crash_count"], task["failures"]) == ("completed", 2, 1, 0)
    reasons = [entry["reason"] for entry in http.send("GET", f"/tasks/{task_id}/logs").json()["results"]]
    assert reasons == ["submit", "claim", "lease_expired", "claim", "result"]


def test_what_cannot_be_done_is_refused_at_once(http):
    bad = [
        ("/tasks", {"type": "foo"}),
        ("/tasks", {"type": "sleep", "params": {"seconds": -1}}),
        ("/search", {"query": "x", "sources": ["google"]}),
        ("/search/batch", {"queries": ["x"] * 51}),
        ("/fetch", {"url": "http://127.0.0.1/"}),
    ]
    answers = [http.send("POST", path, body) for path, body in bad]
    assert {answer.status_code for answer in answers} == {400}
    errors = [error for answer in answers for error in answer.json()["errors"]]
    assert [(error["field"], error["code"]) for error in errors] == [
        ("type", "unknown_type"),
        ("params.seconds", "greater_than_equal"),
        ("sources", "search_source_not_allowed"),
        ("queries", "batch_size_exceeded"),
        ("url", "fetch_address_not_allowed"),
    ]
    assert http.send("GET", "/tasks").json()["results"] == []


@pytest.mark.parametrize("overrides", [{"TASK_MAX_RUNTIME_SECONDS": "2"}], indirect=True)
def test_a_task_beyond_the_longest_runtime_is_killed(http, cluster):
    assert http.send("GET", "/limits").json()["task_max_runtime_seconds"] == 2
    task = http.ended(http.submit("/tasks", type="sleep", params={"seconds": 700}))
    assert (task["status"], task["timeout_seconds"], task["error"]["code"]) == (
        "dead_letter",
        2,
        "task_runtime_exceeded",
    )
    cluster.log.seek(0)
    assert '"event": "task_killed"' in cluster.log.read()
