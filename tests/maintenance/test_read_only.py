"""While the database takes no writes nobody can renew a lease: maintenance leaves its session, nobody is dead."""

import pytest
from django.db import OperationalError, connection

from queueapp.maintenance.continuity import DatabaseWatch
from queueapp.maintenance.runner import MaintenanceRunner, when_elected
from tests.commands.calling import refused
from tests.read_only import read_only_database


@pytest.fixture(autouse=True)
def fresh_session(clean_database):
    """What comes after a test has a session that takes writes."""
    yield
    connection.close()


def test_time_without_writes_is_a_gap(clean_database):
    watch = DatabaseWatch(gap_seconds=0, grace_seconds=60)
    assert when_elected(lambda: "done", watch) == "done"
    seen = watch._last
    with read_only_database():
        with pytest.raises(OperationalError, match="takes no writes"):
            when_elected(lambda: "done", watch)
        assert watch._last == seen
    with pytest.raises(OperationalError):  # by this session, which stays so until it is closed
        MaintenanceRunner(watch=watch).run()


def test_a_command_says_so_in_words(clean_database):
    with read_only_database():
        assert "PostgreSQL: the database takes no writes" in refused("rescue")[1]
        document, _ = refused("doctor", "--json")
        assert "takes no writes" in document
