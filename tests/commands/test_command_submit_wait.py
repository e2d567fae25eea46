"""`submit --wait`: the story as it happens, told by a real cluster."""

import json
import signal
from io import StringIO

import pytest
from django.core.management import call_command

from queueapp.models import Task, Tenant
from queueapp.tenancy import operator_scope
from tests.clusters import running_cluster
from tests.commands.calling import manage, refused, run, run_json
from tests.factories import fresh
from tests.sql_queries import ask
from tests.waiting import PATIENCE_SECONDS, threads, wait_until

SESSIONS_IN_A_TRANSACTION = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = session_user AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
"""


@pytest.fixture
def demo(clean_database):
    """The tenant that `submit` falls back on."""
    with operator_scope("operator:test"):
        return Tenant.objects.create(slug="demo", name="Demo")


@pytest.fixture
def cluster(clean_database):
    with running_cluster() as cluster:
        yield cluster


def test_a_task_that_completes(demo, cluster, tmp_path):
    mark, stdout = tmp_path / "mark", StringIO()
    with threads(1) as start:
        ended = start(lambda: call_command("submit", "sample.talk", f"mark={mark}", "--wait", stdout=stdout))
        wait_until(lambda: "50 % half way" in stdout.getvalue() or ended.done())
        (tmp_path / "mark.go").touch()
        ended.result(PATIENCE_SECONDS)
    told = [line.split("  ")[-1].strip() for line in stdout.getvalue().splitlines()]
    parts = ["is queued", "new → queued", "waited ", "queued → leased", "info: half way", "50 % half way", "ran "]
    places = [next(number for number, line in enumerate(told) if part in line) for part in parts]
    assert places == sorted(places)
    assert "leased → completed (result), attempt 1, by worker:" in told[-1]


def test_the_result_comes_last(demo, cluster):
    printed = run("submit", "echo", "msg=hello", "--wait")
    assert printed.endswith('{\n  "msg": "hello"\n}\n')


def test_a_task_that_dies_ends_with_exit_code_1_and_its_error(demo, cluster):
    printed, words = refused("submit", "sample.fail", "times=9", "--max-retries", 1, "--wait")
    assert "leased → failed (RuntimeError), attempt 1" in printed
    assert "waited to be retried for" in printed
    assert "leased → dead_letter (RuntimeError), attempt 2" in printed
    assert "RuntimeError: attempt 2 went wrong" in printed
    assert words.endswith("ended as dead_letter.")


def test_for_machines_it_prints_the_end_and_nothing_else(demo, cluster):
    document = run_json("submit", "echo", "n=1", "--wait")
    assert (document["status"], document["result"]) == ("completed", {"n": 1})
    printed, _ = refused("submit", "sample.give_up", "--wait", "--json")
    error = json.loads(printed)["error"]
    assert (error["code"], error["message"]) == ("permanent_failure", "nothing will ever help")
    assert error["exception_class"] == "queueapp.errors.PermanentFailure"


def test_waiting_holds_no_transaction_and_ctrl_c_leaves_the_task(demo):
    waiting = manage("submit", "echo", "--wait")
    try:
        while "new → queued" not in waiting.stdout.readline():
            assert waiting.poll() is None
        wait_until(lambda: ask(SESSIONS_IN_A_TRANSACTION) == 0)  # between two polls; a held transaction would stay
        waiting.send_signal(signal.SIGINT)
        _, words = waiting.communicate(timeout=PATIENCE_SECONDS)
    finally:
        waiting.kill()
        waiting.wait()
    with operator_scope("operator:test"):
        task = Task.objects.get()
    assert waiting.returncode == 1
    assert f"Stopped waiting; the task goes on. `manage.py task {task.id}` shows it" in words
    assert "Traceback" not in words
    assert fresh(task).status == "queued"


def test_a_task_purged_meanwhile_ends_the_waiting(demo):
    stdout = StringIO()
    with threads(1) as start:
        ended = start(lambda: call_command("submit", "echo", "--wait", stdout=stdout))
        wait_until(lambda: "new → queued" in stdout.getvalue() or ended.done())
        with operator_scope("operator:test"):
            Task.objects.all().delete()
        error = ended.exception(20)
    assert str(error).startswith("No task ")
