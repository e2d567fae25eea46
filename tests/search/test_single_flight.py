"""One call for many: who comes meanwhile waits, the dead are succeeded, and without Redis everybody asks."""

import threading
from datetime import UTC, datetime

import pytest

from queueapp.redis.connections import redis_client, redis_key
from tests.waiting import PATIENCE_SECONDS, threads
from workloads.search import single_flight
from workloads.search.providers import ProviderError, ProviderResponse
from workloads.search.results import Result
from workloads.search.single_flight import fetch_once

pytestmark = pytest.mark.usefixtures("clean_database")

ANSWER = ProviderResponse(
    results=[Result(title="A page", url="https://a.org/")], retrieved_at=datetime(2026, 1, 1, tzinfo=UTC)
)
KEY = "search:v1:test"
STORED = redis_key(KEY)


class Source:
    """Counts its calls, and answers when it may."""

    def __init__(self, *, ready=True):
        self.calls = 0
        self.gate = threading.Event()
        self.began = threading.Semaphore(0)
        if ready:
            self.gate.set()

    def __call__(self):
        self.calls += 1
        self.began.release()
        assert self.gate.wait(PATIENCE_SECONDS)
        return ANSWER


def ask(source, *, fresh=False, check_cancelled=lambda: None):
    return fetch_once(KEY, source, fresh=fresh, check_cancelled=check_cancelled)


def test_an_answer_is_kept_for_its_time(configure):
    configure(SEARCH={"CACHE_TTL_SECONDS": 77})
    source = Source()
    assert ask(source) == (ANSWER, False)
    assert ask(source) == (ANSWER, True)
    assert source.calls == 1
    assert 70 < redis_client().ttl(STORED) <= 77
    assert not redis_client().exists(f"{STORED}:lock")


def test_who_wants_it_fresh_asks_and_the_others_profit():
    source = Source()
    ask(source)
    assert ask(source, fresh=True) == (ANSWER, False)
    assert ask(source) == (ANSWER, True)
    assert source.calls == 2


def test_many_at_once_make_one_call():
    source, everybody = Source(ready=False), threading.Barrier(12)
    waiting = threading.Semaphore(0)

    def join():
        everybody.wait(PATIENCE_SECONDS)
        return ask(source, check_cancelled=waiting.release)

    with threads(12) as run:
        calls = [run(join) for _ in range(12)]
        assert source.began.acquire(timeout=PATIENCE_SECONDS)
        for _ in range(11):
            assert waiting.acquire(timeout=PATIENCE_SECONDS)  # the others have looked, found it taken, and wait
        source.gate.set()
        answers = [call.result(PATIENCE_SECONDS) for call in calls]
    assert source.calls == 1
    assert sorted(cached for _, cached in answers) == [False] + [True] * 11
    assert {answer.retrieved_at for answer, _ in answers} == {ANSWER.retrieved_at}


def test_an_answer_that_comes_between_the_look_and_the_lock_is_taken(monkeypatch):
    look = single_flight._read

    def looked_too_early(key):
        found = look(key)
        ask(Source())  # another search comes and goes, while this one has seen nothing
        return found

    monkeypatch.setattr(single_flight, "_read", lambda key: (monkeypatch.undo(), looked_too_early(key))[1])
    source = Source()
    assert ask(source) == (ANSWER, True)
    assert source.calls == 0


def test_after_a_failure_the_next_one_asks():
    entered, may_fail = threading.Event(), threading.Event()

    def failing():
        entered.set()
        assert may_fail.wait(PATIENCE_SECONDS)
        raise ProviderError("answered 500")

    source = Source()
    with threads(2) as run:
        first = run(ask, failing)
        assert entered.wait(PATIENCE_SECONDS)
        waits = threading.Event()

        second = run(lambda: ask(source, check_cancelled=waits.set))
        assert waits.wait(PATIENCE_SECONDS) and source.calls == 0
        may_fail.set()
        with pytest.raises(ProviderError, match="answered 500"):
            first.result(PATIENCE_SECONDS)
        assert second.result(PATIENCE_SECONDS) == (ANSWER, False)


def test_the_lock_of_a_dead_process_ends_by_itself(monkeypatch):
    monkeypatch.setattr(single_flight, "LOCK_SECONDS", 1)
    assert redis_client().lock(f"{STORED}:lock", timeout=1).acquire(blocking=False)  # and its holder is killed
    source = Source()
    looks = []
    assert ask(source, check_cancelled=lambda: looks.append("taken")) == (ANSWER, False)
    assert looks and source.calls == 1


def test_waiting_ends(monkeypatch):
    monkeypatch.setattr(single_flight, "WAIT_SECONDS", 0.2)
    assert redis_client().lock(f"{STORED}:lock", timeout=60).acquire(blocking=False)
    with pytest.raises(ProviderError, match="another process") as waited:
        ask(Source())
    assert not waited.value.permanent


def test_who_outlived_its_lock_does_not_take_the_next_ones(monkeypatch):
    source = Source(ready=False)
    with threads(1) as run:
        slow = run(ask, source)
        assert source.began.acquire(timeout=PATIENCE_SECONDS)
        redis_client().delete(f"{STORED}:lock")  # as if its time had passed
        other = redis_client().lock(f"{STORED}:lock", timeout=60)
        assert other.acquire(blocking=False)
        source.gate.set()
        assert slow.result(PATIENCE_SECONDS) == (ANSWER, False)
        assert other.owned()


def test_what_cannot_be_read_is_asked_anew():
    redis_client().set(STORED, b'{"hits": 3}')
    assert ask(Source()) == (ANSWER, False)
    assert ask(Source()) == (ANSWER, True)


def test_without_redis_everybody_asks(configure):
    configure(REDIS_URL="redis://127.0.0.1:1")
    source = Source()
    assert ask(source) == ask(source) == ask(source, fresh=True) == (ANSWER, False)
    assert source.calls == 3


def test_without_a_ttl_nothing_is_kept(configure):
    configure(SEARCH={"CACHE_TTL_SECONDS": 0})
    source = Source()
    assert ask(source) == ask(source) == (ANSWER, False)
    assert not redis_client().keys(f"{STORED}*")


def test_a_cancelled_waiter_stops():
    assert redis_client().lock(f"{STORED}:lock", timeout=60).acquire(blocking=False)

    def cancelled():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(Source(), check_cancelled=cancelled)
