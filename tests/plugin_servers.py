"""A pytest plugin: a PostgreSQL and a Redis for each process that runs tests, unless the environment names some."""

import os
import secrets
import tempfile
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from taskrunner.devserver.embedded import EmbeddedServers

STARTED_HERE = "TASKRUNNER_TESTS_STARTED_SERVERS"


# A wrapper, because pytest-django reads the settings in the same hook and is also registered `tryfirst`.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    given = os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")
    if not given or STARTED_HERE in os.environ:  # not those of the process that started this one (pytest-xdist)
        _start_servers(early_config)
    if "ARTIFACTS_DIRECTORY" not in os.environ or STARTED_HERE in os.environ:
        directory = tempfile.TemporaryDirectory(prefix="taskrunner-artifacts-")
        early_config.add_cleanup(directory.cleanup)
        os.environ["ARTIFACTS_DIRECTORY"] = directory.name
    os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(50))
    os.environ.setdefault("CONFIG_ENCRYPTION_KEYS", secrets.token_urlsafe(32))
    return (yield)


def _start_servers(config: pytest.Config) -> None:
    # Cleanups of the configuration run last come first, and also where a conftest cannot be imported.
    directory = tempfile.TemporaryDirectory(prefix="taskrunner-tests-")
    config.add_cleanup(directory.cleanup)
    servers = EmbeddedServers(Path(directory.name))
    servers.start()
    config.add_cleanup(servers.stop)
    _do_not_wait_for_the_disk(servers)
    os.environ.update(servers.environment(), **{STARTED_HERE: "yes"})


def _do_not_wait_for_the_disk(servers: EmbeddedServers) -> None:
    """What is committed outlives any process, and no test turns the machine off."""
    with closing(servers.postgres.connect_as_superuser("postgres")) as database:
        database.autocommit = True  # ALTER SYSTEM is refused inside a transaction
        with database.cursor() as cursor:
            for setting in ("fsync", "full_page_writes"):
                cursor.execute(f"ALTER SYSTEM SET {setting} = off")
            cursor.execute("SELECT pg_reload_conf()")
