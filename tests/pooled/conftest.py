"""The pooler, and this process and all that it starts behind it."""

import os
from collections.abc import Iterator

import pytest
from django.db import connection, connections
from psycopg2.extensions import parse_dsn

from tests.pooled.bouncer import PgBouncer, running_bouncer


@pytest.fixture(scope="session")
def bouncer(django_db_setup: None) -> Iterator[PgBouncer]:
    with running_bouncer() as started:
        yield started


@pytest.fixture
def pooled(bouncer: PgBouncer, clean_database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[PgBouncer]:
    """DATABASE_URL leads through the pooler, and this process's connections do."""
    connection.close()
    with monkeypatch.context() as patched:
        lead_through(bouncer.url, patched)
        yield bouncer
        connection.close()


def lead_through(url: str, patched: pytest.MonkeyPatch) -> None:
    parameters, settings = parse_dsn(url), connections.settings["default"]
    patched.setitem(os.environ, "DATABASE_URL", url)
    patched.setitem(settings, "HOST", parameters["host"])
    patched.setitem(settings, "PORT", parameters["port"])
