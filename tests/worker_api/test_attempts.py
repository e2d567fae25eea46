"""What a worker does with a leased task over HTTP, and that nobody else can do it."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from queueapp import tasks
from queueapp.maintenance import run_once
from queueapp.models import SecurityEvent, Task
from queueapp.models.base import new_id
from queueapp.tasks import queries
from queueapp.tenancy import operator_scope
from tests.factories import fresh
from tests.waiting import PATIENCE_SECONDS
from tests.worker_api.conftest import WorkerApi, make_key

VERBS = {
    "heartbeat": {},
    "log": {"message": "hello"},
    "complete": {"result": 1},
    "fail": {"message": "no"},
    "release": {},
}


@pytest.fixture
def leased(worker, make_task):
    """A task that the worker holds, as claim gave it out; `row` reads it again."""
    task = make_task()
    (claimed,) = worker.claim()
    return claimed | {"row": lambda: fresh(task)}


def let_lease_run_out(task_id):
    with operator_scope("operator:test"):
        Task.objects.filter(id=task_id).update(lease_expires_at=Now() - timedelta(seconds=1))
    run_once()


def test_complete_stores_the_result(worker, leased):
    answer = worker.tell("complete", leased, result={"ideas": ["a"]})
    assert (answer.status, answer.body) == (200, {"id": leased["id"], "status": "completed"})
    assert leased["row"]().result == {"ideas": ["a"]}


def test_how_long_it_ran_is_how_long_the_lease_was_held(worker, leased):
    with operator_scope("operator:test"):
        Task.objects.filter(id=leased["id"]).update(started_at=Now() - timedelta(seconds=60))
    worker.tell("complete", leased, result=1)
    assert 60 <= leased["row"]().run_seconds < 60 + PATIENCE_SECONDS


def test_a_failure_is_logged_as_loud_as_it_is_final(worker, leased, caplog):
    worker.tell("fail", leased, message="no")
    (line,) = [each for each in caplog.records if getattr(each, "event", "") == "task_state"]
    assert (line.levelname, line.getMessage(), line.to_status) == ("ERROR", "dead letter: no", "dead_letter")
    assert (line.task_id, line.attempt) == (leased["id"], 1)


def test_completing_twice_is_refused(worker, leased):
    worker.tell("complete", leased, result=1)
    answer = worker.tell("complete", leased, result=2)
    assert (answer.status, answer.body["code"]) == (409, "lease_lost")
    assert leased["row"]().result == 1


def test_a_result_that_cannot_be_kept_is_refused_and_the_lease_lives_on(worker, leased):
    answer = worker.tell("complete", leased, result=["€" * 200_000])
    assert (answer.status, answer.body["errors"][0]["code"]) == (400, "result_not_storable")
    assert leased["row"]().status == "leased"
    assert worker.tell("complete", leased).status == 200


@pytest.mark.parametrize(
    ("members", "retries", "status", "code"),
    [
        ({}, 0, "dead_letter", "handler_error"),
        ({"code": "quota", "message": "wait"}, 1, "failed", "quota"),
        ({"code": "bad_video", "retryable": False}, 5, "dead_letter", "bad_video"),
    ],
)
def test_fail(worker, make_task, members, retries, status, code):
    task = make_task(max_retries=retries)
    (claimed,) = worker.claim()
    answer = worker.tell("fail", claimed, **members)
    assert (answer.status, answer.body["status"]) == (200, status)
    row = fresh(task)
    assert (row.status, row.failures, row.error_code) == (status, 1, code)
    assert row.error_message == members.get("message", "")


def test_fail_says_when_to_try_again_or_leaves_it_to_the_type(worker, admin, client_of_acme, declared):
    admin.post("/task-types", {**_declaration(declared), "max_retries": 2, "retry_base_seconds": 100})
    for members, least, most in [({"retry_after_seconds": 1000}, 995, 1000), ({}, 85, 110)]:
        client_of_acme.post("/tasks", {"type": declared["type"], "params": {"text": "x"}})
        (claimed,) = worker.claim()
        worker.tell("fail", claimed, **members)
        with operator_scope("operator:test"):
            row = Task.objects.get(id=claimed["id"])
        assert least <= (row.run_at - row.updated_at).total_seconds() <= most


def test_release_hands_back_without_a_failure(worker, leased):
    assert worker.tell("release", leased).body["status"] == "queued"
    row = leased["row"]()
    assert (row.status, row.failures, row.crash_count) == ("queued", 0, 0)
    assert worker.claim()[0]["attempt"] == 2


def test_heartbeat_renews_tells_progress_and_hears_of_a_cancel(worker, leased):
    first = worker.tell("heartbeat", leased, progress={"fraction": 0.5, "message": "half"})
    assert first.status == 200
    assert first.body["cancel_requested"] is False
    assert first.body["lease_expires_at"] > leased["lease_expires_at"]
    assert leased["row"]().progress == {"fraction": 0.5, "message": "half"}
    with operator_scope("operator:test"):
        tasks.cancel(leased["row"]().id)
    assert worker.tell("heartbeat", leased).body["cancel_requested"] is True
    assert leased["row"]().progress == {"fraction": 0.5, "message": "half"}


def test_releasing_a_task_that_was_to_stop_cancels_it(worker, leased):
    with operator_scope("operator:test"):
        tasks.cancel(leased["row"]().id)
    assert worker.tell("release", leased).body["status"] == "cancelled"
    assert leased["row"]().finished_at is not None


def test_heartbeat_enforces_the_hard_limit(worker, make_task):
    task = make_task(timeout_seconds=5, max_retries=1)
    (claimed,) = worker.claim()
    with operator_scope("operator:test"):
        Task.objects.filter(id=task.id).update(started_at=Now() - timedelta(seconds=6))
    answer = worker.tell("heartbeat", claimed)
    assert (answer.status, answer.body["code"]) == (409, "task_runtime_exceeded")
    row = fresh(task)
    assert (row.status, row.failures, row.error_code) == ("failed", 1, "task_runtime_exceeded")


def test_log_lines_come_into_the_tasks_story(worker, leased):
    assert worker.tell("log", leased, level="warning", message="slow", detail={"page": 3}).status == 204
    with operator_scope("operator:test"):
        line = queries.story(leased["row"]().id)[-1]
    assert (line.kind, line.level, line.message, line.detail) == ("log", "warning", "slow", {"page": 3})
    assert line.actor == f"worker:{leased['row']().worker_id}"


@pytest.mark.parametrize(("verb", "members"), VERBS.items())
def test_a_lost_lease_can_do_nothing(worker, leased, verb, members):
    let_lease_run_out(leased["id"])
    (again,) = worker.claim(worker="other")
    before = leased["row"]().__dict__ | {"_state": None}
    answer = worker.tell(verb, leased, **members)
    assert (answer.status, answer.body["code"]) == (409, "lease_lost")
    assert leased["row"]().__dict__ | {"_state": None} == before
    assert worker.tell("complete", again, result=2).status == 200


@pytest.mark.parametrize(("verb", "members"), VERBS.items())
def test_another_key_of_the_tenant_cannot_use_the_token(acme, leased, verb, members):
    other = WorkerApi(make_key(acme, "worker", region="eu"))
    assert other.tell(verb, leased, **members).status == 409
    assert leased["row"]().status == "leased"


@pytest.mark.parametrize(("verb", "members"), VERBS.items())
def test_another_tenants_task_is_as_unknown_as_any(stranger, leased, verb, members):
    foreign = stranger.tell(verb, leased, **members)
    unknown = stranger.tell(verb, leased | {"id": str(new_id())}, **members)
    assert foreign.status == 404
    assert foreign == unknown.__class__(unknown.status, unknown.body, foreign.headers)
    assert leased["row"]().status == "leased"
    with operator_scope("operator:test"):
        assert SecurityEvent.objects.filter(event="not_visible").count() == 2


@pytest.mark.parametrize(
    ("verb", "members", "field"),
    [
        ("heartbeat", {"progress": {"fraction": 2}}, "progress.fraction"),
        ("log", {}, "message"),
        ("log", {"message": "x", "level": "loud"}, "level"),
        ("log", {"message": "x" * 10_001}, "message"),
        ("log", {"message": "x", "detail": {"all": "x" * 65_536}}, "detail"),
        ("fail", {"retryable": False, "retry_after_seconds": 1}, "request"),
        ("fail", {"code": "no spaces"}, "code"),
        ("complete", {"lease_token": "1"}, "lease_token"),
        ("complete", {"lease_token": "99999999999.x"}, "lease_token"),
        ("release", {"reason": "x"}, "reason"),
    ],
)
def test_a_bad_request_names_its_field(worker, leased, verb, members, field):
    answer = (
        worker.tell(verb, leased | members, **members)
        if "lease_token" not in members
        else worker.tell(verb, leased | members)
    )
    assert (answer.status, answer.body["errors"][0]["field"]) == (400, field)
    assert leased["row"]().status == "leased"


def test_a_worker_that_beats_is_alive_again(worker, leased):
    with operator_scope("operator:test"):
        worker_id = leased["row"]().worker_id
        (row,) = queries.worker_rows(ids=[worker_id])
        assert (row.is_live, [held["id"] for held in row.tasks]) == (True, [leased["id"]])
        row.worker.heartbeat_at = Now() - timedelta(seconds=60)
        row.worker.save()
        assert not queries.worker_rows(ids=[worker_id])[0].is_live
    assert worker.tell("heartbeat", leased).status == 200
    with operator_scope("operator:test"):
        assert queries.worker_rows(ids=[worker_id])[0].is_live


def _declaration(document):
    return {name: document[name] for name in ("type", "params_schema")}
