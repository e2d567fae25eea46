"""An answer that is lost, cut off or put off: what was asked for happens once, and is asked for again politely."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from uuid import uuid4

import httpx
import pytest
from taskrunner_client import Busy, NotEnded, Problem, RateLimited, Unavailable, Unreachable, operations
from taskrunner_client.exchange import Answer, Pause, Request, answered

from queueapp.models import Artifact, Task, TaskLog
from queueapp.tenancy import operator_scope
from tests.rest.calling import dumps


def stored(model, **fields):
    with operator_scope("operator:test"):
        return model.objects.filter(**fields).count()


def test_a_submission_is_stored_once_though_its_answer_is_lost(client, relay):
    relay.cuts = [0, 0]
    task = client.submit("echo", {"msg": "hello"})
    assert relay.cuts == []
    with operator_scope("operator:test"):
        assert Task.objects.get().id == task.id


def test_many_are_stored_once(client, relay):
    relay.cuts = [0, 40]
    assert len(client.submit_many([{"type": "echo"}] * 3)) == 3
    assert stored(Task) == 3


def test_an_upload_is_stored_once(client, relay):
    task = client.submit("echo")
    relay.cuts = [0]
    assert client.upload(task.id, "note", b"Hello").sha256 == sha256(b"Hello").hexdigest()
    assert stored(Artifact) == 1


def test_a_retry_happens_once(client, relay):
    task = client.submit("echo")
    client.cancel(task.id)
    relay.cuts = [None, 0]  # the look at the task, the retry
    assert client.retry(task.id).status == "queued"
    assert relay.cuts == []
    assert stored(TaskLog, task_id=task.id, reason="retry") == 1


def test_a_download_that_is_cut_off_begins_anew(client, relay):
    content = bytes(range(256)) * 4_000
    artifact = client.upload(client.submit("echo").id, "blob", content)
    relay.cuts = [500_000]
    assert client.download(artifact.id) == content
    assert relay.cuts == []


def test_a_server_that_is_away_for_long_is_given_up_and_the_same_key_goes_on(connect, relay):
    impatient = connect(relay.address, patience_seconds=0.1)
    relay.cuts = [0] * 20
    with pytest.raises(Unreachable, match="POST /tasks got no answer"):
        impatient.submit("echo", idempotency_key="order-7")
    relay.cuts = []
    task = impatient.submit("echo", idempotency_key="order-7")
    with operator_scope("operator:test"):
        assert Task.objects.get().id == task.id


def test_a_limit_beyond_all_patience_is_told_at_once(client, acme):
    acme.limits = {"tasks_per_minute": 1}
    with operator_scope("operator:test"):
        acme.save()
    client.submit("echo")
    with pytest.raises(RateLimited) as refused:
        client.submit("echo")
    assert refused.value.retry_after_seconds > 30


def test_what_is_not_done_in_time_is_told_with_its_task(client):
    task = client.submit("echo", delay_seconds=600)
    with pytest.raises(NotEnded) as over:
        client.wait(task.id, timeout_seconds=1.2)
    assert over.value.task.id == task.id


LOOK = Request("GET", "/tasks/1")


def answer(status, document=None, **headers):
    return Answer(status, httpx.Headers(headers), dumps(document or {}), "")


def refusal(status, code, **headers):
    return answer(status, {"status": status, "code": code, "detail": "…"}, **headers)


@pytest.mark.parametrize("code", ["rate_limit_exceeded", "database_unavailable"])
def test_retry_after_is_obeyed(code):
    steps = answered(30, LOOK)
    assert next(steps) == LOOK
    assert steps.send(refusal(503, code, **{"Retry-After": "7"})) == Pause(7.0)
    assert steps.send(None) == LOOK
    in_a_while = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    assert 15 < steps.send(refusal(503, code, **{"Retry-After": in_a_while})).seconds < 21


@pytest.mark.parametrize("text", ["soon", "", "-5", "Mon, 30 Nov 2026 10:00:00 -0000"])
def test_one_that_says_nothing_is_passed_over(text):
    steps = answered(30, LOOK)
    next(steps)
    assert steps.send(answer(503, **{"Retry-After": text})).seconds < 0.3


def test_what_cannot_be_sent_is_told_at_once(client):
    with pytest.raises(ValueError, match="cannot be sent"):
        client.submit("echo", idempotency_key="a\nb")


def test_without_it_the_pauses_grow():
    steps = answered(600, LOOK)
    lengths = []
    for _ in range(8):
        assert steps.send(None) == LOOK
        lengths.append(steps.send(answer(502)).seconds)
    assert lengths[0] < 0.3 < lengths[2] < lengths[4] <= 6.0
    assert all(each <= 6.0 for each in lengths)


@pytest.mark.parametrize(
    ("code", "kind"), [("database_unavailable", Unavailable), ("something_new", Problem), ("busy", Busy)]
)
def test_at_the_end_of_all_patience_the_last_refusal_is_told(code, kind):
    steps = answered(0, LOOK)
    next(steps)
    with pytest.raises(kind, match=code):
        steps.send(refusal(503, code))


@pytest.mark.parametrize("told", [{"Retry-After": "60"}, {}])
def test_a_server_without_a_place_to_wait_is_polled_until_it_may_have_one(client, told):
    task = client.submit("echo", delay_seconds=600)
    document = client.get(task.id).model_dump(mode="json")
    steps = operations.wait(30, uuid4())
    asked = [next(steps), steps.send(refusal(503, "busy", **told))]
    assert [each.wait_seconds for each in asked] == [30, 0]
    assert 0 < steps.send(answer(200, document)).seconds < 5
    assert steps.send(None).wait_seconds == 0
    ended = answer(200, document | {"status": "completed"})
    with pytest.raises(StopIteration) as end:
        steps.send(ended)
    assert end.value.value.status == "completed"


def test_a_server_that_waits_is_asked_again_at_once(client):
    document = client.submit("echo", delay_seconds=600).model_dump(mode="json")
    steps = operations.wait(30, uuid4())
    assert next(steps).wait_seconds == 30
    assert steps.send(answer(200, document, **{"Preference-Applied": "wait=30"})).wait_seconds == 30
