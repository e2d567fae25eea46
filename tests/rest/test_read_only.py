"""A database that takes no writes for a while (a full disk, a standby): 503, health says so, nothing is restarted."""

from contextlib import contextmanager

import pytest
from django.db import connection, connections
from django.test import Client

from queueapp.health import probes
from queueapp.redis.connections import redis_client
from tests.rest.calling import code_of

ECHO = {"type": "echo"}


@contextmanager
def read_only_database():
    """Every new session of the tests' database refuses writes."""
    name = connection.settings_dict["NAME"]
    with connections["owner"].cursor() as owner:
        owner.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        connection.close()
        try:
            yield
        finally:
            owner.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")


@pytest.fixture(autouse=True)
def no_look_is_remembered(monkeypatch):
    monkeypatch.setattr(probes, "FRESH_SECONDS", 0.0)


def test_a_submission_answers_503_and_the_next_one_is_accepted(client):
    client.get("/tasks")  # the key is known: noting its use would be the first write
    with read_only_database():
        answer = client.post("/tasks", ECHO)
        assert (answer.status_code, code_of(answer)) == (503, "database_unavailable")
        assert answer["Retry-After"] == "1"
        assert client.get("/tasks").status_code == 200, "reading goes on"
        assert client.post("/tasks", ECHO, Idempotency_Key="k").status_code == 503
    assert client.post("/tasks", ECHO).status_code == 202, (
        "by a session of its own, and not by the one that was refused"
    )


def test_health_says_that_no_task_can_be_accepted(clean_database):
    with read_only_database():
        answer = Client().get("/health/ready")
        assert (answer.status_code, answer.json()["db"]) == (503, "failed")
        assert Client().get("/health/live").status_code == 200
    assert Client().get("/health/ready").status_code == 200


def test_a_redis_that_takes_no_writes_is_not_well(clean_database, redis_without_room):
    assert Client().get("/health").json()["redis"] == "failed"


@pytest.fixture
def redis_without_room():
    redis = redis_client()
    redis.config_set("maxmemory", 1)
    yield
    redis.config_set("maxmemory", 0)
