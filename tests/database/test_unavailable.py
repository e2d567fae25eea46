"""Which errors of PostgreSQL say that it cannot do now what it could before: by SQLSTATE, whatever the driver."""

import pytest
from django.db import DatabaseError, connection

from queueapp.db import driver

UNAVAILABLE = {
    "25006": "read-only transaction",
    "25P03": "idle in a transaction for too long",
    "25P04": "transaction took too long",
    "40001": "conflict with recovery",
    "40P01": "deadlock",
    "53100": "disk full",
    "53300": "too many connections",
    "55P03": "lock not available",
    "57014": "statement took too long",
    "57P01": "ended by an administrator, or restarting",
    "57P03": "starting",
}
OURS = {"22012": "division by zero", "23505": "unique", "25P02": "in a failed transaction", "42P01": "no such table"}


def error_with(state):
    with pytest.raises(DatabaseError) as raised, connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'as told' USING ERRCODE = '{state}'; END $$")
    return raised.value


@pytest.mark.parametrize("state", UNAVAILABLE)
def test_the_database_is_unavailable(clean_database, state):
    assert driver.is_unavailable(error_with(state))


@pytest.mark.parametrize("state", OURS)
def test_the_fault_is_ours(clean_database, state):
    assert not driver.is_unavailable(error_with(state))
