"""What a task takes up in the table, and which index the lists of one queue are read from."""

import re

from django.db import connection
from django.test.utils import CaptureQueriesContext

from queueapp import tasks
from queueapp.admin.toolkit.pagination import TaskPaginator
from queueapp.models import Task, UsedPartition
from queueapp.tenancy import bind_tenant, operator_scope

LAYOUT = """
    SELECT attlen, CASE attalign WHEN 'd' THEN 8 WHEN 'i' THEN 4 WHEN 's' THEN 2 ELSE 1 END, attnotnull
    FROM pg_attribute WHERE attrelid = 'taskrunner_tasks'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
INDEXES = """
    SELECT c.relname, c.reloptions FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
    WHERE i.indrelid = 'taskrunner_tasks'::regclass AND NOT pg_get_indexdef(c.oid) ~ 'scheduled|leased|dead_letter'
"""


def test_the_columns_that_every_task_has_leave_no_gap(clean_database):
    with connection.cursor() as cursor:
        cursor.execute(LAYOUT)
        columns = cursor.fetchall()
    offset = 0
    for length, alignment, always in columns:
        if length > 0 and always:
            assert offset % alignment == 0
            offset += length
    of_fixed_length = [length > 0 for length, *_ in columns]
    assert of_fixed_length == sorted(of_fixed_length, reverse=True)


def test_a_task_without_labels_keeps_none(acme):
    with bind_tenant(acme.id):
        single = tasks.submit("echo").id
        many = tasks.submit_many([{"type": "echo"}, {"type": "echo", "dedup": {"key": "once"}}])
        labelled = tasks.submit("echo", labels=["a"]).id
    with operator_scope("operator:test"):
        assert set(Task.objects.filter(labels__isnull=True).values_list("id", flat=True)) == {single, *many}
        read = dict(Task.objects.values_list("id", "labels"))
    assert [read[task_id] for task_id in (single, *many, labelled)] == [[], [], [], ["a"]]


def test_the_indexes_that_grow_with_time_are_filled(clean_database):
    with connection.cursor() as cursor:
        cursor.execute(INDEXES)
        options = dict(cursor.fetchall())
    assert len(options) == 6
    assert set(map(str, options.values())) == {"['fillfactor=100']"}


def test_the_list_of_a_queue_is_in_the_order_of_its_index(acme):
    with bind_tenant(acme.id):
        tasks.submit("echo")
    with operator_scope("operator:test"), CaptureQueriesContext(connection) as captured:
        only = [UsedPartition.objects.get(queue="default").pk]
        paginator = TaskPaginator(Task.objects.filter(partition__in=only).order_by("-pk"), 50)
        paginator.partitions = only
        assert len(paginator.page(1)) == 1
    statement = next(entry["sql"] for entry in captured if "ORDER BY" in entry["sql"])
    with operator_scope("operator:test"), connection.cursor() as cursor:
        # as with many tasks: where it must sort them all or pass what is newer, the planner would show it
        cursor.execute("SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {statement}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Backward using tr_task_by_partition" in plan
    assert not re.search(r"^\W*Sort  ", plan, re.M), plan
