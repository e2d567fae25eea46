"""Whatever stands in the place of Redis answers: nobody who asks it fails, or believes what cannot be."""

import time
from types import SimpleNamespace

import pytest

from queueapp.limits import rate_limiter
from queueapp.redis import bounded_parser, connections, notifier, signed_values
from queueapp.redis.bounded_parser import UnexpectedReply
from queueapp.redis.connections import DedicatedConnection, redis_client, redis_key
from queueapp.worker import main_loop
from queueapp.worker.main_loop import ServingWorker
from tests.redis_in_the_middle import NONSENSE, always, honest, redis_in_the_middle
from workloads.search import single_flight
from workloads.search.providers import ProviderError, ProviderResponse
from workloads.search.results import Result
from workloads.search.single_flight import fetch_once

ANSWER = ProviderResponse(results=[Result(title="A page", url="https://a.org/")])
KEY = "search:v1:test"


@pytest.fixture
def middle(clean_database, configure, monkeypatch):
    """Redis as this process sees it from now on."""
    monkeypatch.setattr(notifier, "_sender", notifier.Sender())
    monkeypatch.setattr(notifier, "_waiting", DedicatedConnection())
    monkeypatch.setattr(notifier, "PAUSE_AFTER_FAILURE_SECONDS", 0.0)
    monkeypatch.setattr(rate_limiter, "PAUSE_AFTER_FAILURE_SECONDS", 0.0)
    with redis_in_the_middle() as middle:
        configure(REDIS_URL=middle.url)
        yield middle


@pytest.fixture
def impatient(monkeypatch):
    """What is never said is not waited for; what is said too late on a busy machine is as if it were not."""
    for module, seconds in ((connections, "READ_SECONDS"), (bounded_parser, "REPLY_SECONDS")):
        monkeypatch.setattr(module, seconds, 0.1)
    monkeypatch.setattr(single_flight, "WAIT_SECONDS", 0.1)


def ask_everything():
    """Every reader of Redis, once."""
    allowance = rate_limiter.take("x", 30)
    assert 0 <= allowance.remaining < 30 and 0 <= allowance.reset_seconds <= 60
    rate_limiter.give_back(allowance)
    assert 0 <= rate_limiter.taken("x") <= rate_limiter.MOST_IN_WINDOW
    notifier.notify(["default"])
    notifier.wait(["default"], 0.02)
    heard = notifier.subscribe()
    assert {next(heard), next(heard)} <= {None, "default", "\ufffd\ufffd"}
    heard.close()
    try:
        found, _ = fetch_once(KEY, lambda: ANSWER, fresh=False, check_cancelled=lambda: None)
        assert found == ANSWER
    except ProviderError as error:  # where all that is said is that somebody else asks
        assert "another process" in str(error)


@pytest.mark.parametrize("nonsense", [*NONSENSE, "nothing, it hangs up"])
def test_whatever_it_answers_nobody_fails(impatient, middle, nonsense):
    middle.distort = always(NONSENSE.get(nonsense))  # from the first word on
    ask_everything()
    middle.distort = honest
    rate_limiter.take("x", 30)
    notifier.wait(["default"], 0.02)
    middle.distort = always(NONSENSE.get(nonsense))  # and in a conversation that began well
    ask_everything()


def test_it_is_believed_again_once_it_is_well(middle):
    middle.distort = always(NONSENSE["garbage"])
    assert rate_limiter.take("x", 1).granted
    middle.distort = honest
    rate_limiter.forget()  # so that only Redis knows
    assert rate_limiter.take("x", 1).granted
    rate_limiter.forget()
    assert not rate_limiter.take("x", 1).granted


def taken_from(name):
    return f"*2\r\n${len(name)}\r\n{name}\r\n$1\r\n1\r\n".encode()


def test_a_notification_of_what_was_not_asked_for_is_none(middle):
    middle.distort = always(taken_from("q"))
    started = time.monotonic()
    assert notifier.wait(["default"], 0.2) is None
    assert time.monotonic() - started >= 0.2  # or the worker would ask again at once, and for ever


def test_one_that_says_now_for_ever_does_not_make_a_worker_ask_for_ever(middle, monkeypatch):
    monkeypatch.setattr(main_loop, "DRAIN_NOTICED_SECONDS", 0.01)  # so long the real one behind it takes
    middle.distort = always(taken_from(notifier.notification_list("default")))
    worker = object.__new__(ServingWorker)  # as much of one as waits
    worker._woken_in_vain = 0
    worker._claimer = SimpleNamespace(queues=["default"], pauses=SimpleNamespace(asked_to_end=False))
    worker._options = SimpleNamespace(memory=SimpleNamespace(draining=False))
    worker._pool = SimpleNamespace(is_empty=True)
    for _ in range(notifier.NOTIFICATIONS_KEPT):
        worker._wait()
    assert worker._woken_in_vain == notifier.NOTIFICATIONS_KEPT
    started = time.monotonic()
    worker._wait()
    assert time.monotonic() - started >= main_loop.POLL_INTERVAL_SECONDS


@pytest.mark.parametrize("dripping", [b":", b"$1000000\r\n"])
def test_a_reply_without_an_end_ends(middle, monkeypatch, dripping):
    """Each piece comes in time; the whole never does."""
    monkeypatch.setattr(bounded_parser, "MAX_REPLY_BYTES", 10_000)
    middle.distort = always(dripping + b"1" * 20_000)
    with pytest.raises(UnexpectedReply, match="more than 10000 bytes"):
        redis_client().get("x")


def test_what_is_kept_is_found_for_its_time(middle):
    signed_values.keep("key", "text: of any kind", 60)
    assert signed_values.find("key", 60) == "text: of any kind"
    assert signed_values.find("key", -1) is None, "it is as old as that"


@pytest.mark.parametrize("forged", [b'{"results": []}', b"text:1abcde:signature", b"\xff\xfe", b"", b":" * 9])
def test_what_somebody_else_put_there_is_not_there(middle, forged):
    redis_client().set("key", forged)
    assert signed_values.find("key", 60) is None


def test_what_was_kept_under_another_key_is_not_there(middle):
    """A value of one tenant or query, copied to another's."""
    signed_values.keep("mine", "text", 60)
    redis_client().set("yours", redis_client().get("mine"))
    assert signed_values.find("yours", 60) is None


def test_a_search_shows_nothing_that_is_not_signed(middle):
    planted = ProviderResponse(results=[Result(title="Buy here", url="https://evil.org/")])
    redis_client().set(redis_key(KEY), planted.model_dump_json())
    assert fetch_once(KEY, lambda: ANSWER, fresh=False, check_cancelled=lambda: None) == (ANSWER, False)
