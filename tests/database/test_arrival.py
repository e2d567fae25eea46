"""The order of arrival: whoever draws a place in it can be seen in snapshots from before the draw until the end."""

import pytest
from django.db import connection, transaction

from queueapp import tasks
from queueapp.models.base import new_id
from queueapp.tenancy import tenant_scope
from tests.sql_queries import ask
from tests.tasks.staging import held_open
from tests.waiting import sessions_waiting_for_a_lock, threads, wait_until

INSERT = """
    INSERT INTO taskrunner_tasks (id, tenant_id, type, queue, status) VALUES (%s, %s, 'echo', 'default', 'queued')
"""
HELD_UP_HAS_AN_ID = """
    SELECT backend_xid IS NOT NULL FROM pg_stat_activity
    WHERE datname = current_database() AND usename = session_user AND wait_event_type = 'Lock'
"""


def oldest_running():
    return ask("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")


@pytest.mark.parametrize("verb", ["submit", "retry"])
def test_who_has_drawn_a_place_is_seen_as_running(make_task, verb):
    task = make_task("failed")
    with threads(1) as run, transaction.atomic():
        if verb == "submit":
            tasks.submit("echo", tenant_id=task.tenant_id)
        else:
            tasks.retry(task.id, tenant_id=task.tenant_id)
        transaction_id = ask("SELECT pg_current_xact_id_if_assigned()::text::bigint")
        assert run(oldest_running).result() <= transaction_id


def test_who_is_held_up_right_after_the_draw_is_seen_as_running(acme):
    task_id = new_id()

    def insert():
        with tenant_scope(acme.id), connection.cursor() as cursor:
            cursor.execute(INSERT, [task_id, acme.id])

    with threads(2) as run:
        with held_open(run, insert, rollback=True):
            second = run(insert)  # has drawn, and waits to know whether its id is taken
            wait_until(sessions_waiting_for_a_lock)
            assert ask(HELD_UP_HAS_AN_ID)
        second.result(30)
