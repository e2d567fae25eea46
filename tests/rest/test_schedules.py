"""Schedules over the API: made, read, changed at a version, paused, fired, deleted; a tenant's own, and on record."""

from datetime import timedelta

import pytest

from queueapp import maintenance
from queueapp.models import OperatorAction, Schedule
from queueapp.models.base import new_id
from queueapp.tenancy import operator_scope
from queueapp.testing.clock import moved_clock
from tests.rest.calling import code_of, fields_of

NIGHTLY = {"name": "nightly", "type": "echo", "params": {"msg": "x"}, "cron": "0 3 * * *", "timezone": "Europe/Berlin"}


@pytest.fixture
def nightly(client):
    """A schedule of acme, as it was answered."""
    answer = client.post("/schedules", NIGHTLY)
    assert answer.status_code == 201, answer.content
    return answer.json()


def acts():
    with operator_scope("operator:test"):
        acts = OperatorAction.objects.filter(action__startswith="schedule.").order_by("id")
        return list(acts.values_list("action", "target"))


def test_a_schedule_is_made_and_read(client, nightly, acme):
    address = f"/schedules/{nightly['id']}"
    read = client.get(address)
    assert read.json() == nightly
    assert read["ETag"] == '"1"'
    assert (nightly["tenant"], nightly["words"]) == ("acme", "At 03:00 every day (Europe/Berlin)")
    assert nightly["next_slot_at"] == nightly["next_slots"][0]
    assert len(nightly["next_slots"]) == 5
    (listed,) = client.get("/schedules?name=nightly&type=echo").json()["results"]
    assert {**listed, "next_slots": nightly["next_slots"]} == nightly
    assert client.get("/schedules?name=other").json()["results"] == []
    with operator_scope("operator:test"):
        (act,) = OperatorAction.objects.filter(action__startswith="schedule.")
    assert (act.action, act.target, act.tenant_id) == ("schedule.create", "nightly", acme.id)
    assert act.actor == f"client:acme-client@{client.key[3:11]}"


def test_made_twice_with_one_key_it_is_made_once(client):
    first, again = (client.post("/schedules", NIGHTLY, Idempotency_Key="k") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (again["Idempotent-Replayed"], again["Location"]) == ("true", first["Location"])
    other = client.post("/schedules", {**NIGHTLY, "name": "other"}, Idempotency_Key="k")
    assert (other.status_code, code_of(other)) == (422, "idempotency_key_reused")
    assert fields_of(client.post("/schedules", NIGHTLY)) == {"name": "taken"}


@pytest.mark.parametrize(
    ("members", "fields"),
    [
        ({"cron": "0 0 30 2 *"}, {"cron": "bad_cron"}),
        ({"cron": "61 * * * *"}, {"cron": "bad_cron"}),
        ({"timezone": "Mars/Olympus"}, {"timezone": "unknown_timezone"}),
        ({"cron": None}, {"request": "value_error"}),
        ({"every_seconds": 60}, {"request": "value_error"}),
        ({"cron": None, "every_seconds": 0}, {"every_seconds": "greater_than_equal"}),
        ({"cron": None, "every_seconds": 10**9}, {"every_seconds": "less_than_equal"}),
        ({"cron": None, "once_at": "2020-01-01T00:00:00Z"}, {"once_at": "in_the_past"}),
        ({"cron": None, "once_at": "tomorrow"}, {"once_at": "value_error"}),
        ({"name": "no name"}, {"name": "string_pattern_mismatch"}),
        ({"type": "nobody.knows"}, {"type": "unknown_type"}),
        ({"type": "sleep", "params": {"seconds": "soon"}}, {"params.seconds": "float_type"}),
        ({"options": {"priority": 11}}, {"options.priority": "less_than_equal"}),
        ({"options": {"queue": "nowhere"}}, {"options.queue": "unknown_queue"}),
        ({"options": {"run_at": "2030-01-01T00:00:00Z"}}, {"options.run_at": "extra_forbidden"}),
        ({"missed": "some", "overlap": "no"}, {"missed": "literal_error", "overlap": "literal_error"}),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(client, nightly, members, fields):
    made = client.post("/schedules", {**NIGHTLY, "name": "other", **members})
    assert {field: code.replace("float_parsing", "float_type") for field, code in fields_of(made).items()} == fields
    changes = {name: value for name, value in members.items() if value is not None}
    if fields != {"request": "value_error"}:
        changed = client.send("PATCH", f"/schedules/{nightly['id']}", changes)
        assert {
            field: code.replace("float_parsing", "float_type") for field, code in fields_of(changed).items()
        } == fields
    assert client.get("/schedules").json()["results"][0]["revision"] == 1


def test_a_tenant_has_as_many_as_its_limit_says(limit, client):
    limit(schedules=1)
    assert client.get("/limits").json()["schedules"] == 1
    assert client.post("/schedules", NIGHTLY).status_code == 201
    assert fields_of(client.post("/schedules", {**NIGHTLY, "name": "other"})) == {"name": "too_many_schedules"}


def test_a_type_that_the_tenant_may_not_submit(limit, client):
    limit(allowed_types=["sleep"])
    refused = client.post("/schedules", NIGHTLY)
    assert fields_of(refused) == {"type": "type_not_allowed"}


def test_it_is_changed_at_the_version_that_is_meant(client, nightly):
    address = f"/schedules/{nightly['id']}"
    assert client.send("PATCH", address, {"overlap": "skip"}, If_Match='"7"').status_code == 412
    changed = client.send("PATCH", address, {"every_seconds": 600, "options": {"priority": 9}}, If_Match='"1"')
    document = changed.json()
    assert (changed.status_code, changed["ETag"], document["revision"]) == (200, '"2"', 2)
    assert (document["cron"], document["every_seconds"], document["options"]) == (None, 600, {"priority": 9})
    assert document["words"] == "Every 10 minutes"
    assert document["next_slot_at"] < nightly["next_slot_at"] or nightly["next_slot_at"] == document["next_slot_at"]
    assert client.send("PATCH", address, {}).json()["revision"] == 2
    client.post("/schedules", {**NIGHTLY, "name": "other"})
    assert fields_of(client.send("PATCH", address, {"name": "other"})) == {"name": "taken"}
    assert client.send("DELETE", address, If_Match='"1"').status_code == 412
    assert client.send("DELETE", address, If_Match='"2"').status_code == 204
    assert client.get(address).status_code == 404
    assert acts() == [
        ("schedule.create", "nightly"),
        ("schedule.change", "nightly"),
        ("schedule.create", "other"),
        ("schedule.delete", "nightly"),
    ]


def test_a_pause_and_its_end(client, nightly):
    address = f"/schedules/{nightly['id']}"
    paused = client.post(f"{address}/pause").json()
    assert paused["paused_at"] is not None
    assert (paused["next_slot_at"], paused["next_slots"]) == (None, [])
    assert client.post(f"{address}/pause").json() == paused
    resumed = client.post(f"{address}/resume").json()
    assert (resumed["paused_at"], resumed["next_slots"]) == (None, nightly["next_slots"])
    assert acts()[1:] == [("schedule.pause", "nightly"), ("schedule.resume", "nightly")]


def test_fired_by_hand_and_by_the_clock(client, nightly):
    address = f"/schedules/{nightly['id']}"
    fired, again = (client.post(f"{address}/fire", Idempotency_Key="now") for _ in range(2))
    assert (fired.status_code, fired.json()["type"], fired.json()["status"]) == (202, "echo", "queued")
    assert (again.json()["id"], again["Idempotent-Replayed"]) == (fired.json()["id"], "true")
    with moved_clock(timedelta(days=1), using="owner"):
        maintenance.run_once()
    by_clock, by_hand = client.get(f"{address}/slots").json()["results"]
    assert (by_hand["outcome"], by_hand["task_id"]) == ("fired", fired.json()["id"])
    assert (by_clock["outcome"], by_clock["slot_at"]) == ("fired", nightly["next_slot_at"])
    assert client.get(address).json()["last_task_id"] == by_clock["task_id"]


def test_a_timing_is_previewed_and_stored_nowhere(client):
    answer = client.post("/schedules/preview", {"cron": "0 0 29 2 *", "count": 3})
    slots = answer.json()["next_slots"]
    assert [slot[:10] for slot in slots] == ["2028-02-29", "2032-02-29", "2036-02-29"]
    assert answer.json()["words"] == "At 00:00 on February 29 (UTC)"
    assert fields_of(client.post("/schedules/preview", {"cron": "0 0 30 2 *"})) == {"cron": "bad_cron"}
    assert fields_of(client.post("/schedules/preview", {"cron": "* * * * *", "count": 21})) == {
        "count": "less_than_equal"
    }
    assert client.get("/schedules").json()["results"] == []


def test_what_code_declares_is_changed_there(client, nightly):
    with operator_scope("operator:test"):
        Schedule.objects.update(declared_by_code=True)
    address = f"/schedules/{nightly['id']}"
    for answer in (client.send("PATCH", address, {"overlap": "skip"}), client.send("DELETE", address)):
        assert (answer.status_code, code_of(answer)) == (409, "declared_by_code")
    assert client.post(f"{address}/pause").status_code == 200


def test_a_stranger_sees_nothing_and_an_admin_acts_for_whom_it_names(client, stranger, admin, nightly, globex):
    address = f"/schedules/{nightly['id']}"
    assert stranger.get("/schedules").json()["results"] == []
    foreign = [stranger.send(*call) for call in _calls(address)]
    unknown = [stranger.send(*call) for call in _calls(f"/schedules/{new_id()}")]
    assert [answer.content for answer in foreign] == [answer.content for answer in unknown]
    assert {answer.status_code for answer in foreign} == {404}
    assert client.get(address).json() == nightly
    made = admin.post("/schedules", {**NIGHTLY, "tenant": "globex"})
    assert (made.status_code, made.json()["tenant"]) == (201, "globex")
    assert len(admin.get("/schedules").json()["results"]) == 2
    assert admin.post(f"/schedules/{made.json()['id']}/pause").status_code == 200
    assert admin.post(f"/schedules/{made.json()['id']}/fire?tenant=globex").status_code == 202


def _calls(address):
    yield "GET", address
    yield "PATCH", address, {"overlap": "skip"}
    yield "DELETE", address
    yield from (("POST", f"{address}/{verb}") for verb in ("pause", "resume", "fire"))
    yield "GET", f"{address}/slots"
