"""A server that may be called (127.0.0.2), a canary that may not (127.0.0.1, ::1), and names that lie."""

from ipaddress import ip_network

import pytest

from tests.fetch.names import Names
from tests.fetch.servers import serving
from workloads.http import resolving

ALLOWED = [ip_network("127.0.0.2/32")]


@pytest.fixture
def server():
    with serving("127.0.0.2") as running:
        yield running


@pytest.fixture
def canary(server):
    """On the same port as the server; it and its brother on ::1 must not see a single connection."""
    with serving("127.0.0.1", server.port) as bird, serving("::1", server.port) as brother:
        yield bird
        assert (bird.connections, brother.connections) == (0, 0)


@pytest.fixture
def names(monkeypatch):
    service = Names()
    monkeypatch.setattr(resolving, "resolve", service.resolve)
    return service
