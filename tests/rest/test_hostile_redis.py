"""The API while Redis refuses to write, or says what it likes: no answer is a fault of ours, and health tells."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import redis
from django.test import Client

from queueapp.doctor import redis_server
from queueapp.health import probes
from queueapp.limits import rate_limiter
from queueapp.redis import connections, notifier
from queueapp.redis.connections import redis_client, try_to_write
from taskrunner.devserver.embedded.account import server_account
from taskrunner.devserver.embedded.redis import RedisServer
from taskrunner.devserver.embedded.sockets import make_private
from tests.redis_in_the_middle import NONSENSE, always, redis_in_the_middle
from tests.waiting import wait_until

ECHO = {"type": "echo"}
WELL = ("OK", "two replies")  # for all that can be known at once


@pytest.fixture(autouse=True)
def nothing_is_remembered(monkeypatch):
    monkeypatch.setattr(probes, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(rate_limiter, "PAUSE_AFTER_FAILURE_SECONDS", 0.0)


@pytest.fixture
def middle(clean_database, configure):
    with redis_in_the_middle() as middle:
        configure(REDIS_URL=middle.url)
        yield middle


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_no_answer_is_a_fault_of_ours(client, limit, middle, monkeypatch, nonsense):
    monkeypatch.setattr(connections, "READ_SECONDS", 0.1)  # what is never said is not waited for
    limit(tasks_per_minute=30)
    middle.distort = always(NONSENSE[nonsense])
    submitted = client.post("/tasks", ECHO)
    assert submitted.status_code in (202, 429)
    for path in ("/limits", "/tasks", "/tasks/no-id"):
        assert client.get(path).status_code < 500
    assert client.post("/tasks", b"{").status_code == 400
    health = Client().get("/health")
    assert health.status_code == 200
    assert health.json()["redis"] == "failed" or nonsense in WELL


@pytest.fixture
def own_redis(clean_database, configure):
    """A server that is nobody else's, and may so be spoilt."""
    with TemporaryDirectory(prefix="taskrunner-redis-") as name:
        directory, account = Path(name), server_account()
        directory.chmod(0o711)  # the server's account passes
        make_private(sockets := directory / "sockets", account)
        server = RedisServer(directory, sockets, account)
        server.start()
        try:
            configure(REDIS_URL=server.url)
            yield server
        finally:
            server.stop()


def lacks_room(server):
    redis_client().config_set("maxmemory", 1)


def is_a_replica(server):
    redis_client().replicaof("127.0.0.1", "1")


def cannot_save(server):
    server.home.chmod(0o500)  # its account may write there no more
    redis_client().config_set("save", "3600 1")
    redis_client().bgsave()
    wait_until(lambda: redis_client().info("persistence")["rdb_last_bgsave_status"] == "err")


@pytest.mark.parametrize(
    ("spoil", "word"), [(lacks_room, "maxmemory"), (is_a_replica, "read only replica"), (cannot_save, "MISCONF")]
)
def test_a_redis_that_takes_no_writes_holds_up_nothing_and_health_says_so(client, limit, own_redis, spoil, word):
    limit(tasks_per_minute=3)
    spoil(own_redis)
    assert [client.post("/tasks", ECHO).status_code for _ in range(4)] == [202, 202, 202, 429]
    assert client.get("/limits").status_code == 200
    started = time.monotonic()
    assert not notifier.wait(["default"], 0.1)
    assert time.monotonic() - started >= 0.1, "a worker that cannot wait at Redis must not ask PostgreSQL for ever"
    health = Client().get("/health")
    assert (health.status_code, health.json()["status"], health.json()["redis"]) == (200, "degraded", "failed")
    with pytest.raises(redis.RedisError, match=word):
        try_to_write()
    finding = next(redis_server.check())
    assert (finding.level, word in finding.message) == ("fault", True)
