"""The order of arrival: whoever draws a place in it can be seen in snapshots from before the draw until the end."""

import pytest
from django.db import transaction

from queueapp import tasks
from tests.sql_queries import ask
from tests.waiting import sessions_waiting_for_a_lock, threads, wait_until

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
    def submit_the_first_of_a_kind():
        return tasks.submit("echo", tenant_id=acme.id, requirements={"kind": "new"})

    with threads(2) as run:
        with transaction.atomic():
            first = submit_the_first_of_a_kind()
            second = run(submit_the_first_of_a_kind)  # has drawn, and waits to know whether the kind is there
            # asked in another session, since a transaction sees others' activity as it was when it first looked
            wait_until(lambda: run(sessions_waiting_for_a_lock).result())
            assert run(ask, HELD_UP_HAS_AN_ID).result()
        assert first.ready_seq < second.result().ready_seq
        assert first.partition_id == second.result().partition_id
