"""The environment: every fault in one answer, in the words of whoever has to mend it, and no secret in it."""

import os

import pytest
from django.core.exceptions import ImproperlyConfigured

from taskrunner.environment import load

GOOD = {"SECRET_KEY": "s" * 32, "DATABASE_URL": "postgresql://app:sesame@localhost/taskrunner"}


@pytest.fixture
def faults(monkeypatch):
    def faults(**variables):
        """What is said of these variables and no others."""
        for name in list(os.environ):
            monkeypatch.delenv(name)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(ImproperlyConfigured) as refusal:
            load()
        monkeypatch.undo()
        headline, *lines = str(refusal.value).splitlines()
        assert headline == "The environment is not usable:"
        return [line.strip() for line in lines]

    return faults


def test_everything_that_is_missing_or_wrong_is_told_at_once(faults):
    assert faults(WORKER_PROCESSES="0", MINIO_ENDPOINT="minio:9000", MINIO_ACCESS_KEY="a") == [
        "SECRET_KEY: is not set (a shell beside `make up` reads it with: source .taskrunner/env)",
        "DATABASE_URL: is not set (a shell beside `make up` reads it with: source .taskrunner/env), "
        "nor are POSTGRES_USER, POSTGRES_PASSWORD, …",
        "MINIO_ENDPOINT: is set, but MINIO_ACCESS_KEY and MINIO_SECRET_KEY are not both",
        "WORKER_PROCESSES: Input should be greater than or equal to 1",
    ]


def test_what_is_wrong_is_told_without_the_value(faults):
    assert faults(**{**GOOD, "SECRET_KEY": "sesame"}) == ["SECRET_KEY: must have at least 32 characters, not 6"]
    assert faults(**{**GOOD, "DATABASE_URL": "sesame"}) == [
        "DATABASE_URL: is not a PostgreSQL URL (postgresql://user:password@host:port/name)"
    ]
    assert faults(**{**GOOD, "MINIO_ENDPOINT": "http://minio"})[0].startswith("MINIO_ENDPOINT: String should match")


def test_either_way_to_name_the_database_will_do(monkeypatch):
    for name in ("DATABASE_URL", "OWNER_DATABASE_URL"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("POSTGRES_USER", "app")
    assert load()[0].database["user"] == "app"
    monkeypatch.setenv("DATABASE_URL", GOOD["DATABASE_URL"])
    assert load()[0].database["password"] == "sesame"
