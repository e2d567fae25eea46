"""A secret in a task's values: stored as it is, and shown by no page, answer or command."""

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client

from queueapp import redaction
from queueapp.db import statements
from queueapp.models import Task, TaskLog
from queueapp.redaction import masked
from queueapp.tenancy import operator_scope, worker_scope
from tests.commands.calling import run
from tests.rest.calling import Api, key_for

CANARY = "canary-7f3a"
VALUES = {"apiKey": CANARY, "rows": [{"access_token": {"x": CANARY}}], "max_tokens": 5}
HIDDEN = {"apiKey": "***", "rows": [{"access_token": "***"}], "max_tokens": 5}


@pytest.fixture
def task(make_task) -> Task:
    """With a secret in every value that a handler can leave."""
    made = make_task("leased", params=VALUES, result=VALUES)
    line = {"level": "info", "message": "called", "detail": json.dumps(VALUES)}
    with worker_scope(made.worker_id):
        assert statements.rows("append_log", {"task_id": made.id, "attempt": 1, "worker_id": made.worker_id, **line})
    return made


@pytest.fixture
def entry(task) -> TaskLog:
    with operator_scope("operator:test"):
        return TaskLog.objects.get(task_id=task.id, kind="log")


@pytest.mark.parametrize(
    ("name", "hidden"),
    [("password", True), ("DB_PASSWORD", True), ("api-key", True), ("tokens", False), ("secretary", False)],
)
def test_the_end_of_a_name_decides(name, hidden):
    assert masked({name: 1}) == {name: "***" if hidden else 1}


@pytest.mark.parametrize("value", [None, "token", 1, [1, "secret"], {}])
def test_what_has_no_such_name_stays(value):
    assert masked(value) == value


def test_the_api_hides_it(task, acme):
    client = Api(key_for(acme))
    shown = client.get(f"/tasks/{task.id}").json()
    assert (shown["params"], shown["result"]) == (HIDDEN, HIDDEN)
    details = [each["detail"] for each in client.get(f"/tasks/{task.id}/logs").json()["results"]]
    assert [detail for detail in details if detail] == [HIDDEN]
    assert CANARY not in json.dumps(client.get("/tasks").json())


def test_the_admin_hides_it(task, entry):
    browser = Client()
    browser.force_login(User.objects.create_superuser("root"))
    for page in (f"task/{task.id}", f"tasklog/{entry.id}"):
        text = browser.get(f"/admin/queueapp/{page}/change/").content.decode()
        assert CANARY not in text
        assert "&quot;apiKey&quot;: &quot;***&quot;" in text


def test_commands_hide_it(task):
    for arguments in (("task", task.id), ("task", task.id, "--json"), ("tasks", "--json")):
        text = run(*arguments)
        assert '"apiKey": "***"' in text
        assert CANARY not in text


def test_it_is_stored(task, entry):
    assert (task.params, task.result, entry.detail) == (VALUES,) * 3


@pytest.mark.parametrize(
    ("original", "edited", "back", "left"),
    [
        ({"token": "abcdef", "n": 1}, {"token": "***", "n": 2}, {"token": "abcdef", "n": 2}, []),
        ({"token": {"deep": [1]}}, {"token": "***"}, {"token": {"deep": [1]}}, []),
        (
            {"a": [{"token": "abcdef"}, "x"]},
            {"a": [{"token": "***"}, "y", "z"]},
            {"a": [{"token": "abcdef"}, "y", "z"]},
            [],
        ),
        ({"a": [{"token": "abcdef"}]}, {"a": ["x", {"token": "***"}]}, {"a": ["x", {"token": "***"}]}, ["a.1.token"]),
        ({"token": "abcdef"}, {"other": "***"}, {"other": "***"}, ["other"]),
        ({"token": "abcdef"}, {"token": ["***"]}, {"token": ["***"]}, ["token.0"]),
        ({"token": "abcdef", "t": "see abcdef"}, {"t": "see ***"}, {"t": "see abcdef"}, []),
        ({"n": True, "token": "abcdef"}, {"n": 1}, {"n": 1}, []),
        ({"text": "a *** b"}, {"text": "*** c"}, {"text": "*** c"}, []),
    ],
)
def test_an_edited_value_gets_its_secrets_back(original, edited, back, left):
    restored, unknown = redaction.restored(edited, original, redaction.secret_values(original))
    assert (json.dumps(restored), unknown) == (json.dumps(back), left)
