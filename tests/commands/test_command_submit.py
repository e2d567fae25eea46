"""`submit`: from words on a command line to a row."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from queueapp import tasks
from queueapp.models import Task, TaskLog, Tenant
from queueapp.redis import notifier
from queueapp.redis.connections import redis_client
from queueapp.tenancy import operator_scope
from tests.commands.calling import ACTOR, actions, refused, run, run_json


@pytest.fixture
def demo(clean_database):
    """The tenant that `submit` falls back on."""
    with operator_scope("operator:test"):
        return Tenant.objects.create(slug="demo", name="Demo")


def only_task():
    with operator_scope("operator:test"):
        return Task.objects.get()


def test_it_says_what_it_made(demo):
    printed = run("submit", "echo", "msg=hello")
    assert printed == f"Task {only_task().id} of demo is queued on queue default.\n"


def test_no_line_of_the_log_stands_beside_what_it_says(demo, caplog):
    caplog.set_level(logging.INFO)
    run("submit", "echo")
    run("cancel", only_task().id)
    assert caplog.records == []
    tasks.submit("echo", tenant_id=demo.id)
    assert [record.event for record in caplog.records] == ["task_enqueued"]


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("x=1", 1),
        ("x=1.5", 1.5),
        ("x=true", True),
        ("x=null", None),
        ('x={"a": [1, "b"]}', {"a": [1, "b"]}),
        ('x="1"', "1"),
        ("x=hello world", "hello world"),
        ("x=", ""),
        ("x=a=b", "a=b"),
        ("x=NaN", "NaN"),
        ("x={broken", "{broken"),
    ],
)
def test_a_value_is_json_where_it_is_valid_json(demo, typed, value):
    run("submit", "echo", typed)
    assert only_task().params == {"x": value}


def test_every_option_reaches_the_row(acme):
    words = "echo --tenant acme --priority 9 a=1 --delay 60 --timeout 7 --max-retries 3 --label x --label y b=2"
    document = run_json("submit", *words.split(), "--queue", "default", "--expires", "30")
    expected = {
        "tenant": "acme",
        "type": "echo",
        "status": "scheduled",
        "priority": 9,
        "timeout_seconds": 7,
        "max_retries": 3,
        "labels": ["x", "y"],
        "params": {"a": 1, "b": 2},
        "result": None,
        "error": None,
    }
    assert expected.items() <= document.items()
    assert document["run_at"].endswith("Z")
    assert only_task().expires_at - only_task().run_at == timedelta(seconds=30)
    assert only_task().tenant_id == acme.id


def test_a_time_and_requirements_reach_the_row(demo):
    due = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="seconds")
    words = ["--run-at", due, "--requirements", "region=eu", "--requirements", "gpu=true"]
    assert run_json("submit", "echo", *words)["status"] == "scheduled"
    assert only_task().run_at == datetime.fromisoformat(due)
    assert only_task().requirements == {"region": "eu", "gpu": True}


def test_it_acts_as_the_person_at_the_terminal_and_rings(demo):
    run("submit", "echo")
    with operator_scope("operator:test"):
        assert TaskLog.objects.get().actor == ACTOR
    assert ACTOR.startswith("operator:") and ACTOR.endswith("@cli")
    assert redis_client().llen(notifier.notification_list("default")) == 1


def test_without_tenant_demo_it_asks_for_a_name(acme):
    _, words = refused("submit", "echo")
    assert words.startswith("Which tenant?")
    assert "--tenant; there are: acme, system" in words
    _, words = refused("submit", "echo", "--tenant", "nobody")
    assert "no tenant 'nobody'" in words


def test_a_refused_request_is_explained_field_by_field(demo):
    _, words = refused("submit", "sleep", "seconds=-1", "colour=red")
    lines = words.splitlines()
    assert [line.split(":")[0] for line in lines] == ["params.seconds", "params.colour"]
    _, words = refused("submit", "sleep", "seconds=1", "--priority", "11", "--timeout", "0")
    assert [line.split(":")[0] for line in words.splitlines()] == ["priority", "timeout_seconds"]
    with operator_scope("operator:test"):
        assert not Task.objects.exists()


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["echo", "hello"], "'hello' is not key=value"),
        (["echo", "=hello"], "'=hello' is not key=value"),
        (["echo", "a=1", "a=2"], "given twice"),
        (["nothing"], "type 'nothing' has no handler here"),
        (["echo", "--queue", "nowhere"], "no queue 'nowhere'; there are: config, default"),
        (["echo", "--dedup-ttl", "5"], "--dedup-ttl needs --dedup-key"),
        (["echo", "--delay", "soon"], "invalid float value: 'soon'"),
        (["echo", "--run-at", "soon"], "run_at: must be a time in the form of RFC 3339"),
        (["echo", "--run-at", "2026-01-31T12:00:00Z", "--delay", "5"], "give run_at or delay_seconds, not both"),
        (["echo", "--requirements", "region"], "'region' is not key=value"),
        (["echo", "--requirements", "a=1", "--requirements", "a=2"], "A requirement is given twice."),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(demo, words, refusal):
    assert refusal in refused("submit", *words)[1]


def test_a_deduplication_key_yields_the_task_that_holds_it(demo):
    first = run_json("submit", "echo", "--dedup-key", "daily", "--dedup-ttl", 60)
    assert run_json("submit", "echo", "--dedup-key", "daily")["id"] == first["id"]


def test_another_tenants_key_of_the_same_name_is_not_found(acme, globex):
    ours = run_json("submit", "echo", "--tenant", "acme", "--dedup-key", "daily")
    theirs = run_json("submit", "echo", "--tenant", "globex", "--dedup-key", "daily")
    assert ours["id"] != theirs["id"]
    again = [run_json("submit", "echo", "--tenant", slug, "--dedup-key", "daily")["id"] for slug in ("acme", "globex")]
    assert again == [ours["id"], theirs["id"]]


def test_an_earlier_one_again_with_changes(demo, make_task):
    source = make_task("completed", tenant=demo, params={"api_token": "s3cr3t-value", "n": 1})
    new = run_json("submit", "--again", source.id, "--params", '{"api_token": "***", "n": 2}', "--priority", 9)
    assert (new["retried_from_id"], new["priority"], new["params"]["n"]) == (str(source.id), 9, 2)
    with operator_scope("operator:test"):
        assert Task.objects.get(id=new["id"]).params == {"api_token": "s3cr3t-value", "n": 2}
    assert [action[1:] for action in actions()] == [("task.submit_again", str(source.id))]
    assert str(source.id) in run("task", new["id"])
    assert "params.n: holds ***" in refused("submit", "--again", source.id, "--params", '{"n": "***"}')[1]
    for words in (["echo", "--again", source.id], ["--again", source.id, "--tenant", "demo"]):
        assert "--again ID takes neither" in refused("submit", *words)[1]
    for words in ([], ["echo", "--params", "{}"]):
        assert "Give a type" in refused("submit", *words)[1]
    assert "is not a JSON object" in refused("submit", "--again", source.id, "--params", "[]")[1]
