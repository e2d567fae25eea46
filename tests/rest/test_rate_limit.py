"""At most so many submissions of a tenant in any minute: exactly, in parallel, and while Redis is away or empty."""

import re
import time

import pytest

from queueapp import conf
from queueapp.limits import local_window, rate_limiter
from queueapp.models import Task, Tenant
from queueapp.redis import scripts
from queueapp.redis.connections import redis_client, redis_key
from queueapp.tenancy import operator_scope
from tests.rest.calling import Api, code_of, key_for
from tests.waiting import PATIENCE_SECONDS, threads, wait_until

ECHO = {"type": "echo"}


def count():
    with operator_scope("operator:test"):
        return Task.objects.count()


@pytest.fixture
def without_redis(configure):
    """As if Redis had gone: nobody listens at its address."""

    def leave():
        configure(REDIS_URL="unix:///nowhere/redis.sock")

    yield leave
    rate_limiter._silent_until = 0.0


def test_the_31st_in_a_minute_is_refused_with_the_fields_to_wait_by(client):
    accepted = [client.post("/tasks", ECHO) for _ in range(30)]
    assert [answer["RateLimit-Policy"] for answer in accepted] == ['"submissions";q=30;w=60'] * 30
    left = [int(re.fullmatch(r'"submissions";r=(\d+);t=(\d+)', answer["RateLimit"])[1]) for answer in accepted]
    assert left == list(range(29, -1, -1))
    refused = client.post("/tasks", ECHO)
    assert (refused.status_code, code_of(refused)) == (429, "rate_limit_exceeded")
    assert refused["RateLimit-Policy"] == '"submissions";q=30;w=60'
    assert refused["RateLimit"].startswith('"submissions";r=0;t=')
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert count() == 30


def test_200_in_parallel_make_exactly_30(live, acme):
    keys = [key_for(acme, name=f"app{number}") for number in range(4)]
    with threads(32) as run:
        sent = [run(live.send, keys[number % 4], "POST", "/tasks", ECHO) for number in range(200)]
        statuses = [future.result(PATIENCE_SECONDS).status_code for future in sent]
    assert (statuses.count(202), statuses.count(429)) == (30, 170)
    assert count() == 30


def test_several_processes_share_one_limit(clean_database):
    """A window of another process is empty; Redis is what they share."""
    passed = 0
    for _ in range(10):
        rate_limiter.forget()
        passed += sum(rate_limiter.take("x", 30).granted for _ in range(5))
    assert passed == 30


def test_what_is_refused_or_replayed_counts_nothing(client, limit):
    limit(tasks_per_minute=2)
    assert client.post("/tasks", ECHO, Idempotency_Key="k").status_code == 202
    for _ in range(5):
        assert client.post("/tasks", ECHO, Idempotency_Key="k").status_code == 202
        assert client.post("/tasks", {"type": "nope"}).status_code == 400
        assert client.post("/tasks", {"type": "echo", "queue": "nope"}).status_code == 400
        assert client.post("/tasks", b"{").status_code == 400
        assert client.post("/tasks", {"type": "other"}, Idempotency_Key="k").status_code == 422
    assert client.post("/tasks", ECHO)["RateLimit"].startswith('"submissions";r=0;')
    assert client.post("/tasks", ECHO).status_code == 429
    assert client.post("/tasks", ECHO, Idempotency_Key="k").status_code == 202, "a replay passes all the same"


def test_a_bulk_request_counts_once(client, limit):
    limit(tasks_per_minute=2)
    for left in (1, 0):
        answer = client.post("/tasks/bulk", {"tasks": [ECHO] * 50})
        assert answer["RateLimit"].startswith(f'"submissions";r={left};')
    assert client.post("/tasks/bulk", {"tasks": [ECHO]}).status_code == 429
    assert client.post("/tasks/sample/noop", {}).status_code == 429


def test_the_limit_is_the_tenants_whatever_the_key_or_header(client, acme, limit):
    limit(tasks_per_minute=1)
    client.submit()
    other = Api(key_for(acme, name="another"))
    assert other.post("/tasks", ECHO).status_code == 429
    assert other.post("/tasks", ECHO, X_Forwarded_For="10.0.0.1").status_code == 429
    assert Api(key_for(acme, "admin")).post("/tasks", ECHO).status_code == 429


def test_the_system_tenant_and_unlimited_ones_are_not_held(acme, limit, configure):
    configure(TASKS_PER_MINUTE=1)
    with operator_scope("operator:test"):
        system = Tenant.objects.get(slug="system")
    limit(tasks_per_minute=None)
    for tenant in (system, acme):
        api = Api(key_for(tenant))
        answers = [api.post("/tasks", ECHO) for _ in range(3)]
        assert [(answer.status_code, "RateLimit" in answer.headers) for answer in answers] == [(202, False)] * 3
        assert api.get("/limits").json()["tasks_per_minute"] is None


def test_reading_is_not_limited(client, limit):
    limit(tasks_per_minute=0)
    assert client.post("/tasks", ECHO).status_code == 429
    assert {client.get("/tasks").status_code for _ in range(50)} == {200}


def test_the_limit_holds_while_redis_is_away(client, limit, without_redis):
    limit(tasks_per_minute=4)
    assert [client.post("/tasks", ECHO).status_code for _ in range(2)] == [202, 202]
    without_redis()
    assert [client.post("/tasks", ECHO).status_code for _ in range(4)] == [202, 202, 429, 429]


def test_the_limit_holds_when_redis_has_lost_everything(client, limit):
    limit(tasks_per_minute=2)
    assert [client.post("/tasks", ECHO).status_code for _ in range(2)] == [202, 202]
    redis_client().flushdb()
    assert client.post("/tasks", ECHO).status_code == 429


def test_a_window_slides(clean_database):
    assert [rate_limiter.take("x", 2, window_seconds=3).granted for _ in range(3)] == [True, True, False]
    refused = rate_limiter.take("x", 2, window_seconds=3)
    assert 0 < refused.reset_seconds <= 3
    wait_until(lambda: rate_limiter.take("x", 2, window_seconds=3).granted)


def test_what_was_given_back_may_be_taken_again(clean_database):
    first = rate_limiter.take("x", 1)
    assert not rate_limiter.take("x", 1).granted
    rate_limiter.give_back(first)
    assert rate_limiter.take("x", 1).granted


def test_what_was_given_back_while_redis_was_away_may_be_taken_again(clean_database, without_redis, configure, caplog):
    """And each refusal does not wait for Redis once more."""
    address = conf.settings.redis_url
    first = rate_limiter.take("x", 5)
    without_redis()
    others = [rate_limiter.take("x", 5) for _ in range(4)]
    for allowance in (first, *others):
        rate_limiter.give_back(allowance)
    assert len(caplog.records) == 1
    configure(REDIS_URL=address)
    rate_limiter._silent_until = 0.0
    assert rate_limiter.take("x", 5).granted
    assert entries() == 1


def test_a_clock_that_was_set_back_lets_nobody_wait_for_the_time_that_it_showed(clean_database):
    assert [rate_limiter.take("x", 1).granted for _ in range(2)] == [True, False]
    key = redis_key("limit", "x")
    (token,) = redis_client().zrange(key, 0, -1)
    redis_client().zincrby(key, 3_600_000_000, token)  # an hour
    rate_limiter.forget()
    assert rate_limiter.taken("x") == 0
    assert [rate_limiter.take("x", 1).granted for _ in range(2)] == [True, False]


def test_redis_is_asked_again_when_it_has_closed_the_connection(clean_database):
    assert rate_limiter.take("x", 2).granted
    assert redis_client().client_kill_filter(_id=scripts._ask("CLIENT", "ID")) == 1
    assert rate_limiter.take("x", 2).granted
    rate_limiter.forget()  # what Redis was not told would be unknown from here
    assert not rate_limiter.take("x", 2).granted


def test_redis_is_sent_the_script_again_when_it_has_lost_it(clean_database):
    assert rate_limiter.take("x", 2).granted
    redis_client().script_flush()
    assert rate_limiter.take("x", 2).granted
    rate_limiter.forget()
    assert not rate_limiter.take("x", 2).granted


@pytest.fixture
def questions(clean_database, monkeypatch):
    """What Redis was asked to grant."""
    asked, run = [], rate_limiter.TAKE.run

    def count(key, *arguments):
        asked.append(arguments)
        return run(key, *arguments)

    monkeypatch.setattr(rate_limiter.TAKE, "run", count)
    return asked


def entries():
    return redis_client().zcard(redis_key("limit", "x"))


def test_who_submits_often_is_granted_several_at_once(questions, monkeypatch):
    monkeypatch.setattr(local_window, "HELD_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(rate_limiter, "HELD_SECONDS", PATIENCE_SECONDS)
    remaining = [rate_limiter.take("x", 100_000).remaining for _ in range(200)]
    assert remaining == list(range(99_999, 99_799, -1)), "each is told what is left after it"
    assert len(questions) == 9
    assert rate_limiter.taken("x") == 200 < entries()


def test_what_was_granted_ahead_and_not_used_is_given_back(questions):
    for _ in range(4):
        assert rate_limiter.take("x", 100_000).granted
    assert rate_limiter.taken("x") == 4
    time.sleep(local_window.HELD_SECONDS)
    assert rate_limiter.take("x", 100_000).granted
    assert rate_limiter.taken("x") == entries() == 5


def test_what_was_granted_ahead_is_within_the_limit(clean_database):
    """Other processes know nothing of what this one holds, so it is lost with it for a minute, and never too many."""
    passed = 0
    for _ in range(40):
        rate_limiter.forget()
        passed += sum(rate_limiter.take("x", 500).granted for _ in range(50))
    assert 400 < passed <= 500
    assert entries() == 500


def test_near_the_limit_each_is_asked_for(questions):
    for _ in range(150):
        assert rate_limiter.take("x", 150).granted
    assert not rate_limiter.take("x", 150).granted
    assert len(questions) == 150, "the last was refused here"


def test_a_token_granted_ahead_leaves_the_window_a_minute_after_its_last_moment(clean_database, monkeypatch):
    monkeypatch.setattr(local_window, "HELD_SECONDS", 20)
    monkeypatch.setattr(rate_limiter, "HELD_SECONDS", 20)
    for _ in range(3):
        assert rate_limiter.take("x", 100_000).granted
    times = sorted(score for _, score in redis_client().zrange(redis_key("limit", "x"), 0, -1, withscores=True))
    assert [round((at - times[0]) / 1_000_000) for at in times] == [0, 20, 20]


def test_what_was_granted_ahead_under_a_higher_limit_is_given_back(clean_database, monkeypatch):
    monkeypatch.setattr(local_window, "HELD_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(rate_limiter, "HELD_SECONDS", PATIENCE_SECONDS)
    for _ in range(2):
        assert rate_limiter.take("x", 100_000).granted
    held = entries() - 2
    assert held > 0
    assert not any(rate_limiter.take("x", 2).granted for _ in range(held)), "this process knows the lower limit"
    assert rate_limiter.taken("x") == 2
    assert rate_limiter.take("x", 100_000).granted
    assert rate_limiter.taken("x") == 3
