"""`demo`: the story that `make demo` shows, on a real cluster."""

import re
import time
from collections import Counter
from ipaddress import ip_network

from queueapp import tasks
from queueapp.apikeys import authenticate_key
from queueapp.models import Task, Tenant
from queueapp.tenancy import operator_scope
from taskrunner.devserver.console import BEGAN
from tests.clusters import running_cluster
from tests.commands.calling import refused, run, run_json
from tests.rest.live import live_server


def test_two_hundred_tasks_complete_and_it_says_how_fast(clean_database, configure, monkeypatch):
    configure(FETCH={"ALLOWED_NETWORKS": [ip_network("127.0.0.1/32")]})
    with live_server() as server, running_cluster(workers=4, FETCH_ALLOWED_NETWORKS="127.0.0.1/32"):
        monkeypatch.setenv("TASKRUNNER_URL", server.url)
        monkeypatch.setenv(BEGAN, str(time.monotonic()))
        printed = run("demo")
    assert re.search(r"^The first result, [0-9.]+ s after `make demo`.$", printed, re.MULTILINE)
    assert re.search(r"^completed +200$", printed, re.MULTILINE)
    assert re.search(r"^200 tasks in [0-9.]+ s: [0-9,]+ tasks/s\.$", printed, re.MULTILINE)
    assert '"msg": "hello"' in printed
    assert "waited " in printed
    assert re.search(r"left the artifact \S+, 16 bytes: {\"msg\": \"hello\"}$", printed, re.MULTILINE)
    assert "A search in what was fetched: 1 result from library." in printed
    assert "app.api_timeout" in printed and "applied" in printed
    assert "kill -9 " in printed
    assert "became a dead letter (worker_crashed)" in printed
    assert "Redriven, it is completed." in printed
    assert "dead letter: task_runtime_exceeded, 2 failures." in printed
    with operator_scope("operator:test"):
        ends = Counter(Task.objects.values_list("status", flat=True))
    assert ends == {"completed": 207, "cancelled": 1, "dead_letter": 1}
    assert "Of 209 tasks 0 are lost and 0 completed twice." in printed


def test_it_runs_on_what_make_up_started_and_leaves_its_keys_and_tasks_alone(clean_database, monkeypatch):
    keys = run_json("seed_demo")
    with operator_scope("operator:test"):
        waiting = tasks.submit("echo", {}, tenant_id=Tenant.objects.get(slug="demo").id, delay_seconds=3600)
    with live_server() as server, running_cluster(workers=4):
        monkeypatch.setenv("TASKRUNNER_URL", server.url)
        printed = run("demo")
    assert "is refused, as it should be: params.url: the address 127.0.0.1 is not public" in printed
    assert "Of 207 tasks 0 are lost and 0 completed twice." in printed
    with operator_scope("operator:test"):
        assert Task.objects.get(id=waiting.id).status == "scheduled"
    assert authenticate_key(keys["TASKRUNNER_CLIENT_KEY"]), "it was not replaced"


def test_it_says_where_it_is_at_home(clean_database, monkeypatch):
    monkeypatch.delenv("TASKRUNNER_URL", raising=False)
    assert refused("demo") == (
        "", "TASKRUNNER_URL is not set: `make demo` shows this, or `source .taskrunner/env` first.",
    )  # fmt: skip
