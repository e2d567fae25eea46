"""A database that cannot do now what it will later (a full disk, a standby): 503, health says so, nothing restarts."""

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections, transaction
from django.test import Client

from queueapp.health import probes
from tests.read_only import every_session_has, read_only_database
from tests.rest.calling import code_of

ECHO = {"type": "echo"}


@pytest.fixture(autouse=True)
def no_look_is_remembered(monkeypatch):
    monkeypatch.setattr(probes, "FRESH_SECONDS", 0.0)


@pytest.fixture(autouse=True)
def fresh_session(clean_database):
    """What comes after a test has a session that takes writes."""
    yield
    connection.close()


def test_a_submission_answers_503_and_the_next_one_is_accepted(client):
    with read_only_database():
        answer = client.post("/tasks", ECHO)
        assert (answer.status_code, code_of(answer)) == (503, "database_unavailable")
        assert answer["Retry-After"] == "1"
        assert client.post("/tasks", ECHO, Idempotency_Key="k").status_code == 503
    assert client.post("/tasks", ECHO).status_code == 202, (
        "by a session of its own, and not by the one that was refused"
    )


def test_reading_goes_on_also_with_a_key_whose_use_cannot_be_noted(client):
    with read_only_database():
        assert client.get("/tasks").status_code == 200


def test_a_session_that_began_read_only_takes_no_submission(client):
    with read_only_database():
        assert client.get("/tasks").status_code == 200
    assert client.post("/tasks", ECHO).status_code == 202


def test_a_statement_that_takes_too_long_is_503(client):
    with every_session_has("statement_timeout", "100ms"):
        assert client.post("/tasks", ECHO).status_code == 202
        with transaction.atomic(using="owner"), connections["owner"].cursor() as owner:
            owner.execute("LOCK TABLE taskrunner_tasks IN ACCESS EXCLUSIVE MODE")
            answer = client.post("/tasks", ECHO)
            assert (answer.status_code, code_of(answer)) == (503, "database_unavailable")
        assert client.post("/tasks", ECHO).status_code == 202


def test_a_page_answers_503_too_and_works_afterwards(clean_database):
    User.objects.create_user("ann", password="correct horse", is_staff=True)
    log_in = {"username": "ann", "password": "correct horse"}
    browser = Client(raise_request_exception=False)
    with read_only_database():
        answer = browser.post("/admin/login/", log_in)
        assert (answer.status_code, answer["Retry-After"]) == (503, "1")
    assert browser.post("/admin/login/", log_in).status_code == 302


def test_health_says_that_no_task_can_be_accepted(clean_database):
    with read_only_database():
        answer = Client().get("/health/ready")
        assert (answer.status_code, answer.json()["db"]) == (503, "failed")
        assert Client().get("/health/live").status_code == 200
    assert Client().get("/health/ready").status_code == 200
