"""What the platform looks at on a connection after a handler: no transaction stays, whichever way it was begun."""

import pytest
from django.db import connection, connections, transaction

from queueapp.tenancy import current_scope, tenant_scope
from queueapp.worker.left_transactions import ConnectionCheck, TransactionLeftOpen, TransactionSpoiled, atomic_depth
from tests.sql_queries import ask

KEPT = []


@pytest.fixture
def check(clean_database):
    connection.ensure_connection()
    yield ConnectionCheck()
    KEPT.clear()


def enter_a_scope(tenant):
    KEPT.append(tenant_scope(tenant.id))
    KEPT[-1].__enter__()


@pytest.mark.parametrize(
    ("leave_open", "what"),
    [
        (lambda tenant: transaction.atomic().__enter__(), "an atomic() block was not left"),
        (enter_a_scope, "an atomic() block was not left"),
        (lambda tenant: transaction.set_autocommit(False), "set_autocommit(False) was called"),
        (lambda tenant: connection.cursor().execute("BEGIN"), "a statement began one"),
        (lambda tenant: connection.cursor().execute("BEGIN; SELECT 1; SAVEPOINT a"), "a statement began one"),
    ],
)
def test_what_is_left_open_is_named_and_a_new_connection_takes_its_place(check, acme, leave_open, what):
    before = ask("SELECT pg_backend_pid()")
    leave_open(acme)
    with pytest.raises(TransactionLeftOpen, match="left a transaction open") as raised:
        check.require_clean()
    assert what in str(raised.value)
    assert raised.value.code == "transaction_left_open"
    check.require_clean()
    assert ask("SELECT pg_backend_pid()") != before
    assert (connection.in_atomic_block, connection.get_autocommit(), current_scope()) == (False, True, None)
    with transaction.atomic():
        assert ask("SELECT 1") == 1


def test_what_was_written_is_rolled_back(check, acme):
    transaction.atomic().__enter__()
    ask("SELECT pg_advisory_xact_lock(7)")
    with pytest.raises(TransactionLeftOpen):
        check.require_clean()
    assert ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7 AND database ="
               " (SELECT oid FROM pg_database WHERE datname = current_database())") == 0  # fmt: skip


def test_a_clean_connection_stays(check):
    before = ask("SELECT pg_backend_pid()")
    with transaction.atomic():
        ask("SELECT 1")
    check.require_clean()
    assert check.close_unclean() is None
    assert ask("SELECT pg_backend_pid()") == before


def test_a_connection_that_broke_is_closed_without_a_fault(check):
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
    connection.connection.close()
    check.require_clean()
    assert ask("SELECT 1") == 1


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda: transaction.atomic().__enter__(), TransactionLeftOpen),
        (lambda: transaction.set_rollback(True), TransactionSpoiled),
        (lambda: connection.cursor().execute("COMMIT"), TransactionSpoiled),
        (lambda: connection.close(), TransactionSpoiled),
    ],
)
def test_a_transactional_handler_leaves_its_transaction_as_it_was(check, acme, spoil, error):
    with pytest.raises(error), transaction.atomic(), tenant_scope(acme.id):
        depth = atomic_depth()
        spoil()
        check.require_same_transaction(depth)
    check.close_unclean()
    check.require_clean()
    assert (connection.in_atomic_block, current_scope()) == (False, None)
    assert ask("SELECT 1") == 1


def test_a_transaction_that_is_in_order_passes(check, acme):
    with transaction.atomic(), tenant_scope(acme.id):
        depth = atomic_depth()
        with transaction.atomic():
            ask("SELECT 1")
        check.require_same_transaction(depth)
    check.require_clean()
