"""The events that earlier systems logged: each is one of ours, and is written when what it tells of happens.

All of it on real processes: a web server, a cluster, a search provider and a page.
"""

import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryFile
from typing import Any

import pytest
from django.core.management import call_command
from psycopg2.extensions import make_dsn

from queueapp.limits.local_window import HELD_SECONDS
from queueapp.models import Artifact, Run, Tenant, Worker
from queueapp.models.base import new_id
from queueapp.redis.connections import redis_client, redis_key
from queueapp.states import FINAL
from queueapp.tenancy import operator_scope
from queueapp.worker.processes import supervisor
from queueapp.worker.processes.shared_memory import ClusterMemory
from tests.clusters import RunningCluster, running_cluster
from tests.fetch.servers import Exchange, serving
from tests.logs.lines import Line, lines_of
from tests.logs.test_vocabulary import documented
from tests.rest.calling import Api, key_for
from tests.rest.live import LiveServer
from tests.search.servers import KEY, Site, brave_document, brave_item, running
from tests.waiting import wait_until
from tests.web import server_logging_to

STARTS = {"api_startup", "worker_startup", "db_connection_ok", "db_connection_failed", "db_migrations_applied"}
TASKS = {"task_enqueued", "task_state", "task_cancel_requested", "task_killed", "requeued_inflight"}
REFUSALS = {"task_rejected_invalid_params", "rate_limit_exceeded", "artifact_rejected"}
REDIS = {"redis_connect_failed", "redis_error"}
RUNS = {"run_created", "run_updated", "metric_created", "note_created", "task_deduplicated", "dedupe_key_used"}
ARTIFACTS = {"artifact_stored", "artifact_created", "artifact_fetch_requested", "artifact_fetch_failed"}
SEARCHES = {
    *("search_task_started", "search_task_completed", "search_task_failed", "search_cache_hit", "search_cache_miss"),
    *("search_provider_called", "search_provider_error", "search_batch_started", "search_batch_cached_hit"),
    *("search_batch_provider_call", "search_batch_completed"),
}
FETCHES = {
    *("fetch_started", "fetch_http_request", "fetch_cached_hit", "fetch_extraction_completed", "fetch_completed"),
    "fetch_failed",
}
PAGE = b"<html><title>Bread</title><body><p>Flour, water and salt.</p></body></html>"
ALL = STARTS | TASKS | REFUSALS | REDIS | RUNS | ARTIFACTS | SEARCHES | FETCHES


class Stack:
    """A client of the stack, and what its processes have logged."""

    def __init__(self, live: LiveServer, logs: list[Any], key: str) -> None:
        self._live, self._logs, self._key = live, logs, key

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        return self._live.send(self._key, method, path, body, **headers)

    def run(self, path: str, **body: Any) -> dict[str, Any]:
        """Submit, and the task when it has ended."""
        answer = self.send("POST", path, body)
        assert answer.status_code == 202, answer.content
        address = f"/tasks/{answer.json()['id']}"
        wait_until(lambda: self.send("GET", address).json()["status"] in FINAL, pause_seconds=0.05)
        return self.send("GET", address).json()

    def lines(self) -> list[Line]:
        return [line for log in self._logs for line in lines_of(log)]

    def expect(self, event: str, **fields: Any) -> Line:
        """A line of this event with these fields, when it is written."""

        def found() -> list[Line]:
            return [each for each in self.lines() if each.get("event") == event and fields.items() <= each.items()]

        wait_until(found, pause_seconds=0.05)
        return found()[0]


@pytest.fixture
def brave():
    site = Site(brave_document, [brave_item(1), brave_item(2)])
    with running(site, "/res/v1/web/search"):
        yield site


@pytest.fixture
def page():
    with serving("127.0.0.2") as server:

        def answer(exchange: Exchange) -> None:
            if "if-none-match" in exchange.headers:
                exchange.answer(status="304 Not Modified", ETag='"v1"')
            else:
                exchange.answer(PAGE, Content_Type="text/html", ETag='"v1"')

        server.script("/", answer)
        yield server


@pytest.fixture
def environment(brave):
    return {
        "BRAVE_API_URL": f"{brave.url}/res/v1/web/search",
        "BRAVE_API_KEY": KEY,
        "SEARCH_CALLS_PER_SECOND": "1000",
        "FETCH_ALLOWED_NETWORKS": "127.0.0.2/32",
        "TASK_MAX_ARTIFACT_MB": "1",
        "TASKS_PER_MINUTE": "1000",
    }


@pytest.fixture
def cluster(clean_database, environment):
    with running_cluster(workers=2, **environment) as cluster:
        yield cluster


@pytest.fixture
def stack(acme, cluster, environment):
    with TemporaryFile("w+") as log, server_logging_to(log, **environment) as address:
        yield Stack(LiveServer(int(address.rpartition(":")[2])), [log, cluster.log], key_for(acme))


def test_each_is_in_the_vocabulary():
    assert ALL - documented() == set()


def test_each_is_written_when_it_happens(stack, cluster, acme, brave, page):
    run_tasks(stack, cluster)
    keep_runs_and_artifacts(stack)
    search(stack, brave)
    fetch(stack, page)
    refuse(stack, acme)
    written = {line["event"] for line in stack.lines() if "event" in line}
    assert ALL - written == {"db_connection_failed", "db_migrations_applied", "redis_connect_failed"}, "see below"
    assert written - documented() == set()
    check_form(stack.lines())


def test_a_web_server_whose_database_is_away_says_so_and_starts(django_db_setup):
    away = make_dsn(os.environ["DATABASE_URL"], host="127.0.0.1", port="1")
    with TemporaryFile("w+") as log, server_logging_to(log, DATABASE_URL=away):
        events = [line["event"] for line in lines_of(log) if "event" in line]
    assert events == ["db_connection_failed", "api_startup"]


def test_migrations_that_were_applied(clean_database, logged):
    call_command("migrate", "samples", "0001_initial", database="owner", verbosity=0)
    assert logged("db_migrations_applied") == []
    call_command("migrate", "samples", database="owner", verbosity=0)
    assert [line.migrations for line in logged("db_migrations_applied")] == [["samples.0002_topics"]]


def test_a_redis_that_is_not_reached(acme, configure, logged):
    configure(REDIS_URL="redis://127.0.0.1:1")
    Api(key_for(acme)).submit()
    line = logged("redis_connect_failed")[0]
    assert (line.levelname, line.tenant) == ("WARNING", "acme")


def test_a_worker_that_is_ended_between_two_tasks_names_none(logged):
    slot = ClusterMemory(1).slots[0]
    task_id = new_id()
    slot.begin(task_id, 3, 1.0)
    supervisor._log_killed(slot, "it did not obey")
    slot.kill_at = 0.0  # it has ended, and the next has not begun
    supervisor._log_killed(slot, "it is silent")
    assert [(line.task_id, line.attempt) for line in logged("task_killed")] == [(str(task_id), 3)]
    assert [hasattr(line, "task_id") for line in logged("worker_killed")] == [False]


def run_tasks(stack: Stack, cluster: RunningCluster) -> None:
    for event in ("api_startup", "worker_startup", "db_connection_ok"):
        stack.expect(event)
    task = stack.run("/tasks", type="echo")
    assert stack.expect("task_enqueued", task_id=task["id"])["task_type"] == "echo"
    task = stack.run("/tasks", type="sample.give_up")
    stack.expect("task_state", task_id=task["id"], from_status="leased", to_status="dead_letter", level="ERROR")
    task = stack.run("/tasks", type="sleep", params={"seconds": 60}, timeout_seconds=1)
    stack.expect("task_killed", task_id=task["id"], attempt=1)
    deaf = stack.run("/tasks", type="sample.deaf", timeout_seconds=1)
    stack.expect("task_killed", task_id=deaf["id"], attempt=1, level="ERROR")
    task_id = stack.send("POST", "/tasks", {"type": "sleep", "params": {"seconds": 60}}).json()["id"]
    wait_until(lambda: stack.send("GET", f"/tasks/{task_id}").json()["status"] == "leased")
    with operator_scope("operator:test"):
        held_by = Worker.objects.get(id=stack.send("GET", f"/tasks/{task_id}").json()["worker_id"])
    os.kill(held_by.pid, signal.SIGKILL)
    stack.expect("requeued_inflight", task_id=task_id, attempt=1)
    wait_until(lambda: stack.send("POST", f"/tasks/{task_id}/cancel").status_code in (200, 202))
    stack.expect("task_cancel_requested", task_id=task_id)


def keep_runs_and_artifacts(stack: Stack) -> None:
    first = stack.run("/tasks", type="sample.ask", params={"about": "x"})
    for event in ("run_created", "run_updated", "metric_created", "note_created"):
        stack.expect(event, task_id=first["id"])
    task = stack.run("/tasks", type="sample.ask", params={"about": "x"})
    for event in ("task_deduplicated", "dedupe_key_used"):
        stack.expect(event, task_id=task["id"])
    artifact_id = task["result"]["artifact_ids"][0]
    stack.expect("artifact_stored")
    stack.expect("artifact_created", artifact_id=artifact_id)
    stack.send("GET", f"/artifacts/{artifact_id}")
    stack.expect("artifact_fetch_requested", artifact_id=artifact_id)
    with operator_scope("operator:test"):
        os.remove(os.path.join(os.environ["ARTIFACTS_DIRECTORY"], Artifact.objects.get(id=artifact_id).object_key))
    assert stack.send("GET", f"/artifacts/{artifact_id}").status_code == 410
    stack.expect("artifact_fetch_failed", artifact_id=artifact_id)
    large = {"task_id": task["id"], "type": "note", "content_type": "text/plain", "data_base64": "A" * 2_000_000}
    assert stack.send("POST", "/artifacts", large).status_code == 413
    stack.expect("artifact_rejected", limit_mb=1.0)


def search(stack: Stack, brave: Site) -> None:
    ask: Callable[..., Any] = lambda query: stack.run("/search", query=query, sources=["brave"])  # noqa: E731
    first = ask("bread")
    for event in ("search_task_started", "search_cache_miss", "search_provider_called", "search_task_completed"):
        stack.expect(event, task_id=first["id"])
    stack.expect("search_cache_hit", task_id=ask("bread")["id"])
    batch = stack.run("/search/batch", queries=["bread", "salt"], sources=["brave"])
    for event in ("started", "cached_hit", "provider_call", "completed"):
        stack.expect(f"search_batch_{event}", task_id=batch["id"])
    brave.refuses(401)
    failed = ask("water")
    for event in ("search_provider_error", "search_task_failed"):
        stack.expect(event, task_id=failed["id"])


def fetch(stack: Stack, page: Any) -> None:
    task = stack.run("/fetch", url=page.url)
    for event in ("fetch_started", "fetch_http_request", "fetch_extraction_completed", "fetch_completed"):
        stack.expect(event, task_id=task["id"])
    with operator_scope("operator:test"):  # too old to be used again
        Run.objects.update(finished_at=datetime.now(UTC) - timedelta(days=1))
    stack.expect("fetch_cached_hit", task_id=stack.run("/fetch", url=page.url)["id"])
    failed = stack.run("/fetch", url=f"{page.url}/nowhere")
    stack.expect("fetch_failed", task_id=failed["id"])


def refuse(stack: Stack, acme: Any) -> None:
    assert stack.send("POST", "/tasks", {"type": "sleep", "params": {"seconds": -1}}).status_code == 400
    stack.expect("task_rejected_invalid_params", tenant="acme", route="/tasks")
    name = redis_key("limit", f"submissions:{acme.id}")
    redis_client().set(name, "not what it should be")
    time.sleep(HELD_SECONDS)  # what was granted ahead is spent without asking Redis
    stack.send("POST", "/tasks", {"type": "echo"})
    stack.expect("redis_error", route="/tasks", tenant="acme")
    redis_client().delete(name)
    with operator_scope("operator:test"):
        Tenant.objects.filter(id=acme.id).update(limits={"tasks_per_minute": 1})
    wait_until(lambda: stack.send("POST", "/tasks", {"type": "echo"}).status_code == 429)
    stack.expect("rate_limit_exceeded", tenant="acme", route="/tasks", status=429)


def check_form(lines: list[Line]) -> None:
    """Of every line: a time with its zone, a level, a logger, words."""
    for line in lines:
        assert datetime.fromisoformat(line["ts"]).utcoffset() == timedelta(0), line
        assert line["ts"].endswith("Z")
        assert {"level", "logger", "message"} <= line.keys()
