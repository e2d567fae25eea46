"""What the platform looks at on a connection after a handler: no transaction stays, whichever way it was begun."""

from contextlib import suppress

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.db.backends.signals import connection_created

from queueapp import tasks
from queueapp.db import statements
from queueapp.models.base import new_id
from queueapp.tenancy import bind_tenant, current_scope, tenant_scope, worker_scope
from queueapp.worker.left_sessions import forget_use, take_used
from queueapp.worker.left_transactions import ConnectionCheck, TransactionLeftOpen, TransactionSpoiled, atomic_depth
from tests.samples.hell import SESSION, SETTINGS
from tests.sql_queries import ask

KEPT = []


@pytest.fixture
def check(clean_database):
    connection.ensure_connection()
    yield ConnectionCheck()
    KEPT.clear()
    connection.close()  # a test that failed leaves its session to nobody


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


def session():
    with connection.cursor() as cursor:
        cursor.execute(SESSION)
        return cursor.fetchone()


STAYS = [
    SETTINGS,
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "SELECT set_config('hell.secret', 'x', false)",
    "CREATE TEMPORARY TABLE taskrunner_tasks (id uuid)",
    "LISTEN hell",
    "SELECT pg_advisory_lock(42)",
    "DECLARE hell CURSOR WITH HOLD FOR SELECT 1",
    pytest.param("SET ROLE taskrunner_operator", marks=pytest.mark.rls_only),
]


@pytest.mark.parametrize("statement", STAYS)
def test_what_a_statement_left_in_the_session_is_gone_and_the_session_stays(check, statement):
    at_rest, pid = session(), ask("SELECT pg_backend_pid()")
    forget_use(connections.all())
    connection.cursor().execute(statement)
    assert session() != at_rest  # the control
    check.reset_sessions()
    assert session() == at_rest
    assert ask("SELECT pg_backend_pid()") == pid


@pytest.mark.parametrize("statement", ["PREPARE hell AS SELECT 1", "DEALLOCATE ALL", "DISCARD ALL"])
def test_what_touches_prepared_statements_costs_the_session(check, acme, statement):
    with bind_tenant(acme.id):
        tasks.submit("echo")
        pid = ask("SELECT pg_backend_pid()")
        forget_use(connections.all())
        connection.cursor().execute(statement)
        check.reset_sessions()
        assert ask("SELECT pg_backend_pid()") != pid
        assert tasks.submit("echo").status == "queued"


def test_a_connection_over_which_nothing_was_sent_is_sent_nothing(check):
    raw = connection.connection
    ask("SELECT 1")
    forget_use(connections.all())
    raw.close()  # a statement would be noticed
    check.reset_sessions()
    assert connection.connection is raw
    connection.close()


def test_the_platforms_own_statements_leave_nothing_to_reset(check, acme):
    with bind_tenant(acme.id):
        tasks.submit("echo")  # which may read the routes
        forget_use(connections.all())
        tasks.submit("echo")
    assert take_used(connections.all()) == {}


def test_the_scope_of_a_transactional_handler_leaves_nothing_to_reset(check, acme):
    with bind_tenant(acme.id):
        tasks.submit("echo")  # which may read the routes
    forget_use(connections.all())
    with transaction.atomic():
        with tenant_scope(acme.id, actor="client:it's 100% \\ hers"), transaction.atomic():
            tasks.submit("echo")
        with worker_scope(new_id()):
            statements.rows("new_partitions_exist")
    assert take_used(connections.all()) == {}


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT set_config('hell.secret', E'x', false)",
        "SELECT current_setting('hell.secret', true), set_config('hell.secret', 'x', false)",
        r"SELECT set_config('hell.secret', E'\\', true), set_config('hell.secret', E'x', false)",
        r"SELECT set_config('hell.secret', E'\', true), set_config(''x', false)",
        'SAVEPOINT "a"; SET hell.secret = 1',
    ],
)
def test_what_only_looks_like_a_scopes_own_statement_counts(check, statement):
    forget_use(connections.all())
    with suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute(statement)
    assert list(take_used(connections.all())) == [connections["default"]]
    connection.close()


def test_what_the_project_sets_on_connecting_is_set_again(check):
    def prepare_session(connection, **_):
        with connection.cursor() as cursor:
            cursor.execute("SET hell.secret = 'of the project'")

    connection_created.connect(prepare_session)
    try:
        connection.close()
        at_rest = session()
        assert "of the project" in at_rest
        connection.cursor().execute("SET hell.secret = 'of a handler'")
        check.reset_sessions()
        assert session() == at_rest
    finally:
        connection_created.disconnect(prepare_session)
        connection.close()


def test_a_session_that_cannot_be_reset_is_replaced(check):
    pid = ask("SELECT pg_backend_pid()")
    connection.connection.close()
    check.reset_sessions()
    assert ask("SELECT pg_backend_pid()") != pid
