"""Idempotency-Key on changes of the configuration: each is accepted once; a refusal leaves its record and no key."""

import pytest

from configapp.models import ConfigChange
from queueapp.models import IdempotencyKey
from queueapp.tenancy import operator_scope
from tests.configapp.applying import records, versions
from tests.rest.calling import Api, code_of, fields_of, key_for
from tests.rest.live import live_server
from tests.rest.under_way import answer_while_under_way
from tests.waiting import PATIENCE_SECONDS, threads

PORT = "app.api_port"
REQUESTS = [
    ("POST", "/config", {"key": PORT, "value": 9000}),
    ("PUT", f"/config/{PORT}", {"value": 9000}),
    ("DELETE", f"/config/{PORT}", None),
    ("POST", f"/config/{PORT}/rollback", {"version": 1}),
    ("POST", "/config/bulk", [{"key": PORT, "value": 9000}, {"key": "app.debug", "value": True}]),
]


def change_count():
    with operator_scope("operator:test"):
        return ConfigChange.objects.count()


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS, ids=lambda part: str(part)[:20])
def test_sent_again_it_is_answered_as_the_first_time(admin, config_worker, method, path, body):
    admin.send("PUT", f"/config/{PORT}", {"value": 8000})
    config_worker.run_all()
    before = change_count()
    first = admin.send(method, path, body, Idempotency_Key="k")
    assert first.status_code == 202, first.content
    accepted = change_count() - before
    config_worker.run_all()
    again = admin.send(method, path, body, Idempotency_Key="k")
    assert (again.status_code, again.json(), again["Location"]) == (202, first.json(), first["Location"])
    assert (again["Idempotent-Replayed"], "Idempotent-Replayed" in first.headers) == ("true", False)
    assert change_count() - before == accepted


def test_another_change_with_the_same_key_is_refused(admin):
    admin.send("PUT", f"/config/{PORT}", {"value": 9000}, Idempotency_Key="k")
    for method, path, body in (("PUT", f"/config/{PORT}", {"value": 9001}), ("DELETE", f"/config/{PORT}", None)):
        answer = admin.send(method, path, body, Idempotency_Key="k")
        assert (answer.status_code, code_of(answer)) == (422, "idempotency_key_reused")
    assert change_count() == 1


@pytest.mark.parametrize("condition", [{"If_Match": '"0"'}, {"If_None_Match": '"1"'}])
def test_a_repeated_change_passes_the_precondition_that_it_had(admin, config_worker, condition):
    send = {"method": "PUT", "path": f"/config/{PORT}", "body": {"value": 9000}}
    first = admin.send(**send, **condition, Idempotency_Key="k")
    config_worker.run_all()
    again = admin.send(**send, **condition, Idempotency_Key="k")
    assert (again.status_code, again.json()) == (202, first.json())
    assert versions(PORT) == [(1, 9000)]


@pytest.mark.parametrize(
    ("value", "conditions", "reason"),
    [("x", {}, "not_an_integer"), (9000, {"If_Match": '"7"'}, "version_mismatch")],
)
def test_a_refusal_is_recorded_and_leaves_the_key_free(admin, value, conditions, reason):
    refused = admin.send("PUT", f"/config/{PORT}", {"value": value}, Idempotency_Key="k", **conditions)
    assert refused.status_code in (400, 412)
    assert [record.reason for record in records()] == [reason]
    with operator_scope("operator:test"):
        assert not IdempotencyKey.objects.exists()
    assert admin.send("PUT", f"/config/{PORT}", {"value": 9001}, Idempotency_Key="k").status_code == 202


def test_a_key_that_cannot_be_used_is_refused(admin):
    answer = admin.send("PUT", f"/config/{PORT}", {"value": 9000}, Idempotency_Key="one, two")
    assert fields_of(answer) == {"Idempotency-Key": "bad_key"}
    assert change_count() == 0


def test_one_that_is_under_way_is_waited_for(admin):
    body = {"value": 9000}
    first = admin.send("PUT", f"/config/{PORT}", body, Idempotency_Key="k").json()
    replayed = answer_while_under_way(
        admin.key, lambda: admin.send("PUT", f"/config/{PORT}", body, Idempotency_Key="k")
    )
    assert (replayed.status_code, replayed.json()) == (202, first)
    assert change_count() == 1


def test_a_replay_waits_for_the_change_too(acme, config_worker):
    key = key_for(acme, "admin")
    headers = {"Idempotency_Key": "k", "Prefer": "wait=20"}
    Api(key).send("PUT", f"/config/{PORT}", {"value": 9000}, Idempotency_Key="k")
    with live_server() as live, threads(1) as run:
        asked = run(lambda: live.send(key, "PUT", f"/config/{PORT}", {"value": 9000}, **headers))
        config_worker.run_all()
        answer = asked.result(PATIENCE_SECONDS)
    assert (answer.json()["status"], answer["Idempotent-Replayed"]) == ("applied", "true")
