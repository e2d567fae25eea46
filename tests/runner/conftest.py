"""The whole product as its user sees it: web server, cluster, a search provider and a page, and a shell to call it."""

import os
import subprocess
import sys

import pytest

from taskrunner.devserver.seed import seed
from tests.clusters import ROOT, running_cluster
from tests.fetch.servers import serving
from tests.rest.live import live_server
from tests.search.servers import KEY, Site, brave_document, brave_item, running
from tests.waiting import PATIENCE_SECONDS


@pytest.fixture
def brave():
    """What the search provider is asked, and what it has."""
    site = Site(brave_document, [brave_item(1), brave_item(2), brave_item(3)])
    with running(site, "/res/v1/web/search"):
        yield site


@pytest.fixture
def page():
    """A web server that may be called, with a page at its root."""
    with serving("127.0.0.2") as server:
        server.page("/", "<html><title>Bread</title><body><p>Flour, water and salt.</p></body></html>")
        yield server


@pytest.fixture
def overrides(request):
    """What a test sets otherwise, by indirect parameters."""
    return getattr(request, "param", {})


@pytest.fixture
def environment(brave, overrides):
    """Of the processes: the web server's, and the cluster's."""
    return {
        "BRAVE_API_URL": f"{brave.url}/res/v1/web/search",
        "BRAVE_API_KEY": KEY,
        "SEARCH_CALLS_PER_SECOND": "1000",
        "FETCH_ALLOWED_NETWORKS": "127.0.0.2/32",
        **overrides,
    }


@pytest.fixture
def cluster(clean_database, environment):
    with running_cluster(**environment) as cluster:
        yield cluster


@pytest.fixture
def live(cluster, environment):
    """gunicorn, in front of the cluster."""
    with live_server(**environment) as server:
        yield server


@pytest.fixture
def user(live):
    """Run a command as somebody who sourced .taskrunner/env."""
    path = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
    sourced = {**os.environ, **seed(), "TASKRUNNER_URL": live.url, "PATH": path}

    def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        known = {**sourced, **environment}
        return subprocess.run(command, cwd=ROOT, env=known, capture_output=True, text=True, timeout=PATIENCE_SECONDS)

    return run
