"""`config`: the whole life of a key from a shell."""

import json
import subprocess
import sys

import pytest

from configapp.changes import submit_change
from configapp.models import ConfigChange
from queueapp import tasks
from queueapp.tenancy import operator_scope
from tests.clusters import ROOT, running_cluster
from tests.commands.calling import ACTOR, actions, manage, refused, run, run_json
from tests.configapp.applying import ALICE, records, versions
from tests.tasks.workers import expire_lease
from tests.waiting import PATIENCE_SECONDS, wait_until

PORT, TOKEN = "app.api_port", "github.api_token"


@pytest.fixture
def cluster(clean_database):
    with running_cluster(workers=1) as running:
        yield running


def test_set_waits_until_it_is_applied_and_the_others_show_it(cluster):
    assert run("config", "set", PORT, "9000") == f"{PORT}: set is applied as version 1.\n"
    assert run_json("config", "set", PORT, "9001", "--if-version", "1")["version"] == 2
    assert run("config", "rollback", PORT, "1") == f"{PORT}: rollback is applied as version 3.\n"
    document = run_json("config", "get", PORT)
    assert (document["value"], document["source"], document["version"]) == (9000, "database", 3)
    assert "value        9000" in run("config", "get", PORT)
    assert [row["value"] for row in run_json("config", "history", PORT)] == [9000, 9001, 9000]
    assert json.loads(run("config", "export")) == {PORT: 9000}
    assert run("config", "set", PORT, "--unset").endswith("as version 4.\n")
    assert next(line for line in run("config", "list").splitlines() if line.startswith(PORT)).split() == [
        PORT,
        "8080",
        "default",
        "4",
        "integer",
    ]
    assert {record.actor for record in records()} == {ACTOR}


def test_a_secret_comes_by_a_pipe_and_never_by_the_command_line(config_worker):
    assert "leave the value out" in refused("config", "set", TOKEN, "typed-in-the-open")[1]
    assert "value: must have at least 1 characters" in send("\n").stderr
    assert json.loads(send("piped secret value\n").stdout)["status"] == "accepted"
    config_worker.run_all()
    assert versions(TOKEN) == [(1, "*" * 19 + "alue")]


def send(line):
    command = [sys.executable, "manage.py", "config", "set", TOKEN, "--no-wait", "--json"]
    return subprocess.run(command, cwd=ROOT, input=line, capture_output=True, text=True)


def test_refusals_say_what_to_do(clean_database):
    assert "there is no such key" in refused("config", "set", "no.such_key", "1")[1]
    assert "There is no configuration key" in refused("config", "get", "no.such_key")[1]
    assert "There is no configuration key" in refused("config", "history", "no.such_key")[1]
    assert "value: must be a whole number" in refused("config", "set", PORT, "x")[1]
    assert "`config set app.api_port VALUE`" in refused("config", "set", PORT)[1]
    assert "not both" in refused("config", "set", PORT, "1", "--unset")[1]
    assert "was never set" in refused("config", "rollback", PORT, "1")[1]
    assert "is at version 0, not 3" in refused("config", "set", PORT, "9000", "--if-version", "3")[1]


def test_a_change_that_is_cancelled_while_it_is_waited_for_is_told(clean_database):
    with manage("config", "set", PORT, "9000") as process:
        wait_until(lambda: [cancel(task_id) for task_id in waiting()])
        assert "ended as cancelled" in process.communicate(timeout=PATIENCE_SECONDS)[1]
    assert process.returncode == 1


def cancel(task_id):
    with operator_scope(ALICE):
        return tasks.cancel(task_id)


def waiting():
    with operator_scope(ALICE):
        return list(ConfigChange.objects.filter(status="accepted").values_list("task_id", flat=True))


def test_check_finds_a_change_whose_task_is_dead(config_worker):
    assert run_json("config", "check") == []
    submit_change(PORT, 9000, actor=ALICE)
    for _ in range(3):
        expire_lease(config_worker.claim().id)
    printed, words = refused("config", "check")
    assert "has a change that waits" in printed
    assert "dead_letter: retry it" in printed
    assert words == "Found 1."


def test_rotation_is_on_record(clean_database):
    assert run_json("config", "rotate") == {"rotated": 0}
    assert actions() == [(ACTOR, "config.rotate", "secrets")]
