"""The notifier: one notification wakes one of those who wait, and a Redis that went away is found again."""

import pytest
from django.db import transaction
from redis.exceptions import RedisError

from queueapp import conf, tasks
from queueapp.redis import notifier
from queueapp.redis.connections import DedicatedConnection, redis_client
from queueapp.tenancy import bind_tenant
from tests.factories import fresh
from tests.notifications import let_notifications_arrive, notifications
from tests.waiting import threads, wait_until

pytestmark = pytest.mark.usefixtures("clean_database")


@pytest.fixture
def unconnected():
    """No connection of an earlier test: what waits here has connected here."""
    notifier._waiting = DedicatedConnection()


def waiting():
    """The connections to Redis that wait for a notification now."""
    return [each for each in redis_client().client_list() if each["cmd"] == "blpop" and "b" in each["flags"]]


def test_a_notification_wakes_who_waits_and_is_taken(unconnected):
    with threads(1) as start:
        woken = start(notifier.wait, ["other", "default"], 5.0)
        wait_until(waiting)
        notifier.notify(["default"])
        assert woken.result()
    assert notifications() == 0


def test_a_notification_before_the_wait_is_taken(unconnected):
    notifier.notify(["default"])
    assert notifier.wait(["default"], 5.0)


def test_silence_ends_in_time(unconnected):
    assert not notifier.wait(["default"], 0.1)


def test_who_waits_when_the_connection_is_cut_connects_again(unconnected):
    with threads(1) as start:
        cut = start(notifier.wait, ["default"], 0.7)
        wait_until(waiting)
        for each in waiting():
            redis_client().client_kill_filter(_id=each["id"])
        assert cut.result() is None
    notifier.notify(["default"])
    assert notifier.wait(["default"], 5.0)


def test_a_sender_that_found_nobody_at_first_still_wants_no_answers(configure, tmp_path):
    here = conf.settings.redis_url
    configure(REDIS_URL=f"unix://{tmp_path}/redis.sock?db=0")
    sender = notifier.Sender()
    with pytest.raises(RedisError):
        sender.send(b"PING\r\n")
    (tmp_path / "redis.sock").symlink_to(here.removeprefix("unix://").partition("?")[0])
    sender.send(b"PING\r\n")
    assert redis_client().ping()  # Redis had time to answer the sender too
    assert not sender._connection._connection.can_read(timeout=0.1)
    configure(REDIS_URL=here)
    let_notifications_arrive()


@pytest.mark.parametrize("url", ["redis://localhost:no-port", "redis://no-such-host.invalid:1", "unix:///nowhere.sock"])
def test_whatever_redis_is_a_stored_task_is_returned(acme, configure, url):
    configure(REDIS_URL=url)
    with bind_tenant(acme.id):
        assert fresh(tasks.submit("echo")).status == "queued"
        with transaction.atomic():
            task = tasks.submit("echo")
        assert fresh(task).status == "queued"


def test_two_installations_on_one_server_do_not_meet(unconnected, configure):
    notifier.notify(["default"])
    configure(PREFIX="another")
    assert not notifier.wait(["default"], 0.1)
    configure(PREFIX="taskrunner")
    assert notifier.wait(["default"], 5.0)


def test_any_number_of_conversations_may_have_been_opened(monkeypatch):
    """Each claim over HTTP that waits opens one; a pool counts what it made, also what is closed."""
    monkeypatch.setattr(redis_client().connection_pool, "max_connections", 1)
    for _ in range(3):
        heard = notifier.subscribe()
        assert next(heard) is None  # "subscribed"
        heard.close()
    assert redis_client().ping()
