"""A live server, and both clients of it: each test runs with either."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from taskrunner_client import AsyncClient, Client

from tests.client.cutting import cutter
from tests.rest.calling import API, key_for
from tests.rest.live import live_server


class Awaiting:
    """An AsyncClient whose calls are awaited in an event loop of another thread."""

    def __init__(self, portal: Any, client: AsyncClient) -> None:
        self._portal, self._client = portal, client

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *arguments, **named: self._portal.call(partial(getattr(self._client, name), *arguments, **named))


@pytest.fixture(scope="module")  # no longer: tests of other files count the sessions of the database
def live(django_db_setup):
    with live_server() as server:
        yield server


@pytest.fixture(scope="module")
def relay(live):
    """The way to the server; `cuts` is emptied by what it cuts."""
    with cutter(live.port) as running:
        yield running


@pytest.fixture(params=["sync", "async"])
def connect(request, acme):
    """connect(address, key=…, patience_seconds=…): a client of acme, closed at the end."""
    opened = []
    with start_blocking_portal() as portal:

        def make(address: str, *, key: str = "", patience_seconds: float = 30.0) -> Any:
            arguments = (address + API, key or key_for(acme, name=f"key-{len(opened)}"))
            if request.param == "sync":
                client = Client(*arguments, patience_seconds=patience_seconds)
            else:
                client = Awaiting(portal, AsyncClient(*arguments, patience_seconds=patience_seconds))
            opened.append(client)
            return client

        yield make
        for client in opened:
            client.close()


@pytest.fixture
def client(connect, relay):
    return connect(relay.address)
