"""The state machine in the database: the table, the trigger that checks it, and the log row of every move."""

import pytest
from django.db import IntegrityError, connection, connections

from queueapp import conf
from queueapp.models import Task, TaskDelta, TaskLog
from queueapp.models.base import new_id
from queueapp.states import TRANSITIONS, Status, Who
from queueapp.tenancy import operator_scope
from tests.database.moves import EVERYONE, SQL, Refusal, acting_as, insert, may, move

MOVES = sorted((t for t in TRANSITIONS if t.source), key=lambda t: (t.source, t.target, t.who))
BIRTHS = sorted((t for t in TRANSITIONS if not t.source), key=lambda t: (t.target, t.who))
ILLEGAL = "23514"
NO_PRIVILEGE = "42501"


def named(transition):
    return f"{transition.source or 'new'}-{transition.target}-{transition.who}"


def actor_of(who, worker_id):
    return f"worker:{worker_id}" if who == Who.WORKER else f"{who}:test"


def transitions_of(task_id):
    with operator_scope("operator:test"):
        return list(TaskLog.objects.filter(task_id=task_id, kind="transition"))


def test_the_database_holds_the_table_of_states_py(clean_database):
    with operator_scope("operator:test"), connection.cursor() as cursor:
        cursor.execute("SELECT from_status, to_status, who, reason FROM taskrunner_task_transitions WHERE who <> 'sql'")
        stored = cursor.fetchall()
    assert sorted(map(str, stored)) == sorted(
        str((t.source and t.source.value, t.target.value, t.who.value, t.reason)) for t in TRANSITIONS
    )


@pytest.mark.parametrize("transition", MOVES, ids=named)
def test_a_legal_move_works_and_leaves_one_log_row(make_task, transition):
    worker_id = new_id()
    task = make_task(transition.source, worker_id=worker_id, error_code="")
    before = transitions_of(task.id)
    with acting_as(transition.who, task.tenant_id, worker_id) as cursor:
        assert move(cursor, transition.who, task, transition.target) is None
    assert before == transitions_of(task.id)[:-1]
    row = transitions_of(task.id)[-1]
    assert (row.from_status, row.to_status, row.reason) == (transition.source, transition.target, transition.reason)
    assert (row.actor, row.attempt, row.worker_id) == (actor_of(transition.who, worker_id), task.attempt, worker_id)
    assert row.tenant_id == task.tenant_id


@pytest.mark.parametrize("transition", BIRTHS, ids=named)
def test_a_legal_birth_leaves_one_log_row(acme, transition):
    worker_id = new_id()
    with acting_as(transition.who, acme.id, worker_id) as cursor:
        assert insert(cursor, transition.who, acme.id, worker_id, transition.target) is None
    with operator_scope("operator:test"):
        (task,) = Task.objects.all()
    (row,) = transitions_of(task.id)
    assert (row.from_status, row.to_status, row.reason) == (None, transition.target, "submit")
    assert row.actor == actor_of(transition.who, worker_id)


@pytest.mark.parametrize("who", EVERYONE)
@pytest.mark.parametrize("source", Status)
def test_every_other_move_is_refused_and_leaves_no_log_row(make_task, source, who):
    worker_id = new_id()
    task = make_task(source, worker_id=worker_id)
    before = transitions_of(task.id)
    refused = [target for target in Status if target != source and not may(who, source, target)]
    with acting_as(who, task.tenant_id, worker_id) as cursor:
        for target in refused:
            refusal = move(cursor, who, task, target)
            assert refusal is not None, f"{who} moved {source} → {target}"
            assert refusal.sqlstate == ILLEGAL, f"{source} → {target}"
            # A client may not write the lease, so where one is due its row fails the CHECK before the move is looked at
            if who != Who.CLIENT or Status.LEASED not in (source, target):
                assert refusal.constraint == "task_transition_legal", f"{source} → {target}"
    assert transitions_of(task.id) == before


@pytest.mark.parametrize("who", EVERYONE)
def test_every_other_birth_is_refused(acme, who):
    worker_id = new_id()
    without_right = who == Who.WORKER and conf.settings.isolation == "rls"
    with acting_as(who, acme.id, worker_id) as cursor:
        for target in Status:
            if not may(who, None, target):
                refusal = insert(cursor, who, acme.id, worker_id, target)
                assert refusal is not None, f"{who} made a task that is {target}"
                assert refusal.sqlstate == (NO_PRIVILEGE if without_right else ILLEGAL)
    with operator_scope("operator:test"):
        assert not Task.objects.exists()


@pytest.mark.parametrize("source", Status)
def test_a_login_without_a_role_makes_any_legal_move_and_is_named(make_task, source):
    worker_id = new_id()
    for target in sorted({t.target for t in MOVES if t.source == source}):
        task = make_task(source, worker_id=worker_id)
        with acting_as(SQL, task.tenant_id, worker_id) as cursor:
            assert move(cursor, SQL, task, target) is None
            cursor.execute(
                "SELECT to_status, actor FROM taskrunner_task_history WHERE task_id = %s ORDER BY id DESC", [task.id]
            )
            owner = connections["owner"].settings_dict["USER"]
            assert cursor.fetchone() == (target, f"sql:{owner}")


@pytest.mark.parametrize("status", Status)
def test_staying_in_a_status_is_no_move(make_task, status):
    worker_id = new_id()
    task = make_task(status, worker_id=worker_id)
    before = transitions_of(task.id)
    with acting_as(Who.OPERATOR, task.tenant_id, worker_id) as cursor:
        assert move(cursor, Who.OPERATOR, task, status) is None
    assert transitions_of(task.id) == before


def test_one_statement_that_moves_many_logs_each_and_counts_once(make_task):
    tasks = [make_task("queued") for _ in range(3)]
    with operator_scope("operator:test"):
        TaskDelta.objects.all().delete()
        Task.objects.update(status="cancelled", finished_at="2026-01-01T00:00Z")
        assert list(TaskDelta.objects.values_list("from_status", "to_status", "moves")) == [("queued", "cancelled", 3)]
    assert [len(transitions_of(task.id)) for task in tasks] == [2, 2, 2]


def test_one_illegal_move_undoes_the_whole_statement(make_task):
    queued, completed = make_task("queued"), make_task("completed")
    with acting_as(Who.OPERATOR, queued.tenant_id, new_id()) as cursor:
        refusal = move(cursor, Who.OPERATOR, queued, Status.COMPLETED)
    assert refusal == Refusal(ILLEGAL, "task_transition_legal")
    illegal = r"operator may not move it from completed to cancelled"
    with pytest.raises(IntegrityError, match=illegal), operator_scope("operator:test"):
        Task.objects.update(status="cancelled", finished_at="2026-01-01T00:00Z")
    with operator_scope("operator:test"):
        assert set(Task.objects.values_list("id", "status")) == {
            (queued.id, "queued"),
            (completed.id, "completed"),
        }
