"""The rows of the log: numbered as they are written, found by their task, and no wider than they must be."""

import pytest
from django.db import DatabaseError, connections

from queueapp import tasks
from queueapp.models import TaskLog
from queueapp.tenancy import operator_scope

NUMBERED_BY_HAND = """
    INSERT INTO taskrunner_task_logs (id, at, attempt, tenant_id, task_id)
    SELECT 1, now(), 0, id, id FROM taskrunner_tenants
"""
UNIQUE_INDEXES = "SELECT count(*) FROM pg_index WHERE indrelid = 'taskrunner_task_logs'::regclass AND indisunique"


def test_rows_are_numbered_as_they_are_written(acme, make_task):
    for _ in range(2):
        tasks.submit_many([{"type": "echo"}] * 1_000, tenant_id=acme.id)
    ended = make_task("completed")
    with operator_scope("operator:test"):
        rows = list(TaskLog.objects.order_by("at", "id").values_list("id", flat=True))
        story = TaskLog.objects.filter(task_id=ended.id).order_by("id").values_list("to_status", flat=True)
        assert list(story) == ["queued", "leased", "completed"]
    assert len(rows) == len(set(rows)) == 2_003
    assert rows == sorted(rows)


def test_only_the_database_numbers_them(clean_database):
    """The number is Django's primary key and no key of the table, whose index then holds each task once."""
    with connections["owner"].cursor() as owner:
        with pytest.raises(DatabaseError, match="GENERATED ALWAYS"):
            owner.execute(NUMBERED_BY_HAND)
        owner.execute(UNIQUE_INDEXES)
        assert owner.fetchone() == (0,)
