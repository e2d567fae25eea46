"""Every test runs on each kind of store: a directory, and a real S3 server, started when the first test wants it."""

import tempfile
from pathlib import Path

import pytest

from taskrunner.environment import Environment
from tests.rest.calling import Api, key_for
from tests.s3 import S3Server
from tests.tasks.workers import Worker


@pytest.fixture(scope="session")
def s3():
    """One server for the session."""
    with tempfile.TemporaryDirectory(prefix="taskrunner-s3-") as directory:
        server = S3Server(Path(directory))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(params=["files", "s3"])
def store(request, settings, monkeypatch):
    """The store of this process and of those it starts; the value says which."""
    if request.param == "s3":
        for name, value in request.getfixturevalue("s3").variables.items():
            monkeypatch.setenv(name, value)
    settings.STORAGES = {**settings.STORAGES, "artifacts": Environment().artifact_store}
    return request.param


@pytest.fixture
def worker(clean_database):
    return Worker()


@pytest.fixture
def claimed(worker, make_task):
    """A task of acme that the worker holds."""
    make_task("queued")
    return worker.claim()


@pytest.fixture
def client(acme):
    """A client of acme."""
    return Api(key_for(acme))


@pytest.fixture
def stranger(globex):
    """A client of another tenant."""
    return Api(key_for(globex))


@pytest.fixture
def admin(acme):
    return Api(key_for(acme, "admin"))
