"""Every named constraint of the platform's tables refuses the row it was written against, whoever sends it."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection

from queueapp.models import (
    ApiKey,
    DedupKey,
    IdempotencyKey,
    Membership,
    Queue,
    Route,
    Run,
    Schedule,
    ScheduleSlot,
    TaskType,
)
from queueapp.states import Who
from queueapp.tenancy import operator_scope, system_scope
from tests.database.moves import SQL, Refusal, acting_as, attempt

VIOLATION = re.compile(r"^-- (\w+) (\d{5})( owner)?\n(.*?)(?=\n\n|\n--|\Z)", re.M | re.S)
VIOLATIONS = VIOLATION.findall(Path(__file__).with_name("violations.sql").read_text())
NAMED_CONSTRAINTS = """
    SELECT conname FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'u', 'f') AND conrelid::regclass::text = ANY (%s)
"""


def without_digest(name: str) -> str:
    """Django puts one into the names of foreign keys."""
    return re.sub(r"_[0-9a-f]{8}_fk_.*", "_fk", name)


@pytest.fixture
def names(make_task, acme, globex, acme_viewer):
    """What violations.sql refers to; the rows that it collides with are there."""
    task, later = make_task("queued"), "2030-01-01T00:00Z"
    with operator_scope("operator:test"):
        DedupKey.objects.create(tenant=acme, queue="default", key="taken", expires_at=later, task=task)
        IdempotencyKey.objects.create(tenant=acme, key="taken", digest="0" * 64, expires_at=later)
        ApiKey.objects.create(tenant=acme, name="k", role="client", prefix="taken", digest="0" * 64)
        TaskType.objects.create(tenant=acme, type="taken", params_schema={})
        Route.objects.create(pattern="taken.*", queue=Queue.objects.get(name="default"))
        run = Run.objects.create(tenant=acme, task=task, attempt=1, run_key="k")
        schedule = Schedule.objects.create(tenant=acme, name="taken", type="echo", every_seconds=1)
        ScheduleSlot.objects.create(tenant=acme, schedule=schedule, slot_at="2030-01-01T00:00Z", outcome="refused")
    nobody = "ffffffff-ffff-7fff-bfff-ffffffffffff"
    ids = {"acme": acme.id, "globex": globex.id, "nobody": nobody, "task": task.id, "run": run.id}
    return {**ids, "user": acme_viewer.id, "schedule": schedule.id}


def test_every_named_constraint_has_its_violation(clean_database):
    tables = [model._meta.db_table for model in apps.get_app_config("queueapp").get_models()]
    with connection.cursor() as cursor:
        cursor.execute(NAMED_CONSTRAINTS, [[*tables, "taskrunner_task_transitions"]])
        named = sorted(without_digest(name) for (name,) in cursor.fetchall())
    assert sorted(name for name, *_ in VIOLATIONS) == named


@pytest.mark.parametrize(("name", "sqlstate", "owner", "statement"), VIOLATIONS, ids=[name for name, *_ in VIOLATIONS])
def test_the_constraint_refuses(names, acme, name, sqlstate, owner, statement):
    with acting_as(SQL if owner else Who.OPERATOR, acme.id, acme.id) as cursor:
        refusal = attempt(cursor, statement, names)
    assert refusal is not None, "it was accepted"
    assert Refusal(refusal.sqlstate, without_digest(refusal.constraint)) == Refusal(sqlstate, name)


@pytest.mark.parametrize(
    "change",
    [
        "attempt = 0",
        "tenant_id = %(globex)s",
        "type = 'sleep'",
        "queue = 'other'",
        "id = taskrunner_uuidv7()",
        "requirements = '{\"gpu\": true}'",
        "partition_id = 1",
    ],
)
def test_the_fence_and_the_identity_of_a_task_are_fixed(names, make_task, change):
    task = make_task("leased")
    with acting_as(Who.OPERATOR, task.tenant_id, task.worker_id) as cursor:
        refusal = attempt(cursor, f"UPDATE taskrunner_tasks SET {change} WHERE id = '{task.id}'", names)
    assert refusal == Refusal("23514", "task_identity_fixed")


def test_deleting_a_task_takes_its_deduplication_keys_along(names):
    with system_scope("test"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM taskrunner_tasks WHERE id = %s", [names["task"]])
        assert not DedupKey.objects.exists()
        assert Membership.objects.count() == 1
