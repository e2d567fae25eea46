"""The doorbell: who waits is woken, by one ring one worker, and a Redis that went away is found again."""

import pytest
from redis.exceptions import RedisError

from queueapp import conf
from queueapp.redis import notifier
from tests.notifications import let_rings_arrive, rings
from tests.waiting import threads, wait_until

pytestmark = pytest.mark.usefixtures("ground")


@pytest.fixture
def deaf():
    """No ear from an earlier test: what waits here has connected here."""
    notifier._ear = notifier.Line()


def waiting():
    """The connections to Redis that wait for a ring now."""
    return [each for each in notifier.client().client_list() if each["cmd"] == "blpop" and "b" in each["flags"]]


def test_a_ring_wakes_who_waits_and_is_taken(deaf):
    with threads(1) as start:
        woken = start(notifier.wait, ["other", "default"], 5.0)
        wait_until(waiting)
        notifier.ring(["default"])
        assert woken.result()
    assert rings() == 0


def test_a_ring_before_the_wait_is_heard(deaf):
    notifier.ring(["default"])
    assert notifier.wait(["default"], 5.0)


def test_silence_ends_in_time(deaf):
    assert not notifier.wait(["default"], 0.1)


def test_an_ear_whose_connection_is_cut_hears_again(deaf):
    with threads(1) as start:
        cut = start(notifier.wait, ["default"], 0.7)
        wait_until(waiting)
        for each in waiting():
            notifier.client().client_kill_filter(_id=each["id"])
        assert cut.result() is False
    notifier.ring(["default"])
    assert notifier.wait(["default"], 5.0)


def test_a_hand_that_found_nobody_at_first_still_wants_no_answers(configure, tmp_path):
    here = conf.settings.redis_url
    configure(REDIS_URL=f"unix://{tmp_path}/redis.sock?db=0")
    hand = notifier.PrefetchBuffer()
    with pytest.raises(RedisError):
        hand.send(b"PING\r\n")
    (tmp_path / "redis.sock").symlink_to(here.removeprefix("unix://").partition("?")[0])
    hand.send(b"PING\r\n")
    assert notifier.client().ping()  # Redis had time to answer the hand too
    assert not hand._line._connection.can_read(timeout=0.1)
    configure(REDIS_URL=here)
    let_rings_arrive()
