"""Places to wait: shared among tenants, apart for workers, and free again as soon as a client has gone."""

import select
import socket
import time
from contextlib import ExitStack, closing, contextmanager

import pytest

from queueapp.rest.toolkit.client_connection import client_is_gone
from queueapp.rest.toolkit.errors import Busy
from queueapp.rest.toolkit.waiting_places import WaitingPlaces
from tests.rest.calling import API, dumps, key_for
from tests.waiting import PATIENCE_SECONDS, wait_until

SHARE = 6  # of 12, for one alone


@pytest.fixture
def places():
    """Twelve places, and a stack that takes them."""
    with ExitStack() as taken:
        yield WaitingPlaces(12), taken


def take_all(places, party, seconds=30):
    """How many of them a party gets."""
    each, taken = places
    count = 0
    while True:
        try:
            taken.enter_context(each.place(party, seconds))
        except Busy:
            return count
        count += 1


def test_each_party_gets_a_share_and_leaves_some_for_the_next(places):
    assert [take_all(places, party) for party in "abcd"] == [6, 3, 2, 1]


def test_the_only_place_is_taken_by_whoever_comes_first():
    places = WaitingPlaces(1)
    with places.place("a", 1), pytest.raises(Busy), places.place("b", 1):
        pass
    with places.place("b", 1):
        pass


@pytest.mark.parametrize(("others", "leaves"), [(0, 10), (3, 20)])
def test_retry_after_says_when_there_is_a_place_at_the_latest(places, others, leaves):
    """Where others hold places too, one more that leaves may not be enough."""
    each, taken = places
    for seconds in (30, 20, 10, 30, 30, 30):
        taken.enter_context(each.place("a", seconds))
    for _ in range(others):
        taken.enter_context(each.place("b", 30))
    before = time.monotonic()
    with pytest.raises(Busy) as refused, each.place("a", 30):
        pass
    told = int(refused.value.headers["Retry-After"])
    assert leaves - (time.monotonic() - before) - 1 < told <= leaves


def test_what_a_client_sent_ahead_does_not_hide_that_it_is_gone(rf):
    ours, theirs = socket.socketpair()
    request = rf.get("/", **{"gunicorn.socket": ours})
    with closing(ours), closing(theirs):
        theirs.sendall(b"GET /next HTTP/1.1\r\n")
        assert not client_is_gone(request)
        theirs.close()
        assert client_is_gone(request)
    assert not client_is_gone(rf.get("/")), "a server that does not tell"


@contextmanager
def share_taken(live, key, method, path, body=None):
    """Inside, requests that wait for half a minute hold all the places that they may, and no more."""
    content = b"" if body is None else dumps(body)
    head = (
        f"{method} {API}{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nPrefer: wait=30\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    with ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection(("127.0.0.1", live.port))) for _ in range(SHARE + 1)
        ]
        for connection in connections:
            connection.sendall(head.encode() + content)
        ((refused, *_), _, _) = select.select(connections, [], [], PATIENCE_SECONDS)
        assert refused.recv(12) == b"HTTP/1.1 503"
        yield


def status_of_a_wait(live, key, task):
    return live.send(key, "GET", f"/tasks/{task.id}", Prefer="wait=1").status_code


def status_of_a_claim(live, key):
    return live.send(key, "POST", "/worker/claim", {"wait_seconds": 1}).status_code


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_whose_client_has_gone_leaves_its_place(live, acme, make_task, method):
    key, task, began = key_for(acme), make_task(), time.monotonic()
    path, body = ("/tasks", {"type": "echo"}) if method == "POST" else (f"/tasks/{task.id}", None)
    with share_taken(live, key, method, path, body):
        assert status_of_a_wait(live, key, task) == 503
    wait_until(lambda: status_of_a_wait(live, key, task) == 200)
    assert time.monotonic() - began < 30, "with their clients there they would have stayed so long"


def test_a_worker_that_has_gone_leaves_its_place(live, acme):
    key, began = key_for(acme, "worker"), time.monotonic()
    with share_taken(live, key, "POST", "/worker/claim", {"wait_seconds": 30}):
        assert status_of_a_claim(live, key) == 503
    wait_until(lambda: status_of_a_claim(live, key) == 200)
    assert time.monotonic() - began < 30


def test_nobody_else_is_kept_from_waiting(live, acme, globex, make_task):
    """Not another tenant, nor an operator, nor a worker of the same tenant."""
    key, task, others = key_for(acme), make_task("scheduled"), make_task("scheduled", tenant=globex)
    with share_taken(live, key, "GET", f"/tasks/{task.id}"):
        assert status_of_a_wait(live, key, task) == 503
        assert status_of_a_wait(live, key_for(globex), others) == 200
        assert status_of_a_wait(live, key_for(acme, "admin"), task) == 200
        assert status_of_a_claim(live, key_for(acme, "worker")) == 200
