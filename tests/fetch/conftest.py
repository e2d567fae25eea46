"""A server that may be called (127.0.0.2), a canary that may not (127.0.0.1, ::1), and names that lie."""

from ipaddress import ip_network

import pytest

from taskrunner.devserver.ports import usable_port
from tests.fetch.certificates import Authority
from tests.fetch.names import Names
from tests.fetch.servers import serving
from tests.fetch.workers import FetchWorker
from workloads.safe_http import connections
from workloads.safe_http.connections import tls_context

ALLOWED = [ip_network("127.0.0.2/32")]


@pytest.fixture
def server():
    with serving("127.0.0.2", usable_port(0)) as running:  # the canary and its brother must get the port, too
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
    monkeypatch.setattr(connections, "resolve", service.resolve)
    return service


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def tls(authority, monkeypatch):
    """A server whose certificate, for secure.example, is trusted here."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    tls_context.cache_clear()
    with serving("127.0.0.2", context=authority.context("secure.example")) as running:
        yield running
    tls_context.cache_clear()


@pytest.fixture
def worker(acme, configure):
    """Runs fetch tasks of acme in this process, as a worker process does, and may call the server."""
    configure(FETCH={"ALLOWED_NETWORKS": ALLOWED})
    running = FetchWorker(acme)
    yield running
    running.close()
