"""Providers that run here, and a task for those who ask them."""

from uuid import uuid4

import pytest

from queueapp.tenancy import bind_tenant
from tests.search.servers import KEY, Site, brave_document, brave_item, running, searxng_document, searxng_item


class StandingTask:
    """As much of a running task as searching needs. What it logs is kept."""

    def __init__(self):
        self.id = uuid4()
        self.lines = []

    def check_cancelled(self):
        pass

    def log(self, message, *, level="info", **detail):
        self.lines.append((level, message))


@pytest.fixture
def task():
    return StandingTask()


@pytest.fixture
def quick(configure):
    """Nobody waits for a turn; the tests of turns ask for less."""
    configure(SEARCH={"CALLS_PER_SECOND": 1000})


@pytest.fixture
def brave(configure, quick):
    site = Site(brave_document, [brave_item(1), brave_item(2), brave_item(3)])
    with running(site, "/res/v1/web/search"):
        configure(SEARCH={"BRAVE_API_URL": f"{site.url}/res/v1/web/search", "BRAVE_API_KEY": KEY})
        yield site


@pytest.fixture
def searxng(configure, quick):
    site = Site(searxng_document, [searxng_item(3), searxng_item(4)])
    with running(site, "/search"):
        configure(SEARCH={"SEARXNG_URL": f"{site.url}/"})
        yield site


@pytest.fixture
def as_acme(acme):
    """Everything happens in acme's name, as in a worker that runs its task."""
    with bind_tenant(acme.id):
        yield acme
