"""The configuration over REST: accepted by the API, applied by a worker, refused with reasons that are recorded."""

from datetime import datetime

import pytest

from configapp.changes import submit_change
from tests.configapp.applying import ALICE, accepted, all_changes, records, stored
from tests.rest.calling import Api, code_of, fields_of, key_for
from tests.rest.live import live_server
from tests.waiting import PATIENCE_SECONDS, threads, wait_until

PORT = "app.api_port"


@pytest.fixture(scope="module")
def live(django_db_setup):
    with live_server() as server:
        yield server


def test_bounds_are_shown_as_they_were_declared(admin):
    shown = admin.get(f"/config/{PORT}").content
    assert b'"minimum":1024,' in shown.replace(b" ", b"")


def test_a_change_is_accepted_then_applied_then_read(admin, config_worker):
    answer = admin.post("/config", {"key": "app.debug", "value": "TRUE "})
    change = accepted(answer)
    assert (change["key"], change["value"], change["status"]) == ("app.debug", True, "accepted")
    assert answer["Location"] == f"/api/v1/tasks/{change['task_id']}"
    assert admin.get("/config/app.debug").json()["pending"] == [change]

    config_worker.run_all()
    now = admin.get("/config/app.debug").json()
    assert (now["value"], now["source"], now["version"], now["pending"]) == (True, "database", 1, [])
    assert admin.get(answer["Location"].removeprefix("/api/v1")).json()["status"] == "completed"
    (record,) = admin.get("/config/audit").json()["results"]
    assert (record["status"], record["old_value"], record["new_value"]) == ("success", None, True)
    assert record["actor"] == change["actor"] == f"operator:acme-admin@{admin.key[3:11]}"


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("app$debug", "true", "invalid_key"),
        ("a.b", "true", "invalid_key"),
        ("k" * 65, "true", "invalid_key"),
        ("app.unheard_of", "true", "unknown_key"),
        ("app.data_dir", "x" * 257, "too_long"),
        ("app.data_dir", "<script>alert(1)</script>", "markup_injection"),
        (PORT, "notanumber", "not_an_integer"),
        (PORT, 999999, "out_of_range"),
        (PORT, None, "not_an_integer"),
        (PORT, [8080], "not_an_integer"),
        ("app.debug", "maybe", "not_a_boolean"),
        ("anythingllm.endpoint", "ftp://bad", "invalid_url"),
        ("app.data_dir", "DROP TABLE users;", "sql_injection"),
        ("app.data_dir", f"ghp_{'a1' * 18}", "looks_like_a_secret"),
    ],
)
def test_what_is_refused_says_why_and_leaves_a_record(admin, key, value, code):
    answer = admin.post("/config", {"key": key, "value": value})
    assert code_of(answer) == "config_change_refused"
    field = "key" if code.endswith("_key") else "value"
    assert fields_of(answer) == {field: code}
    (record,) = records()
    assert (record.status, record.reason, record.config_key, record.new_value) == ("refused", code, key, None)
    assert all_changes() == []


def test_validate_says_what_would_be_stored_and_changes_nothing(admin):
    answer = admin.post("/config/validate", {"key": PORT, "value": " 9000 "})
    assert (answer.status_code, answer.json()) == (200, {"valid": True, "value": 9000})
    assert fields_of(admin.post("/config/validate", {"key": PORT, "value": "80"})) == {"value": "out_of_range"}
    assert all_changes() == records() == []


def test_bulk_changes_are_applied_together_in_one_task(admin, config_worker):
    wanted = [{"key": PORT, "value": 9000}, {"key": "app.debug", "value": "true"}, {"key": "redis.db", "value": 3}]
    changes = accepted(admin.post("/config/bulk", wanted))["changes"]
    assert [change["key"] for change in changes] == [item["key"] for item in wanted]
    assert len({change["task_id"] for change in changes}) == 1
    config_worker.run_all()
    assert [stored(item["key"]).version for item in wanted] == [1, 1, 1]
    assert len(records(status="success")) == 3


def test_a_bulk_with_bad_items_names_each_and_changes_nothing(admin):
    wanted = [
        *({"key": PORT, "value": 9000}, {"key": PORT, "value": 9001}, {"key": "a.b", "value": 1}),
        *({"key": "app.debug"}, "app.debug", {"value": 1}, {"key": 5, "value": 1}),
    ]
    assert fields_of(admin.post("/config/bulk", wanted)) == {
        "1.key": "given_twice",
        "2.key": "invalid_key",
        "3.value": "not_a_boolean",
        "4.key": "invalid_key",
        "5.key": "invalid_key",
        "6.key": "invalid_key",
    }
    assert all_changes() == []
    assert len(records(status="refused")) == len(wanted)


def test_a_bulk_of_one_bad_item_names_its_place_too(admin):
    assert fields_of(admin.post("/config/bulk", [{"key": PORT, "value": "x"}])) == {"0.value": "not_an_integer"}


def test_an_empty_bulk_does_nothing(admin):
    answer = admin.post("/config/bulk", [])
    assert (accepted(answer), "Location" in answer) == ({"changes": []}, False)
    assert all_changes() == records() == []


@pytest.mark.parametrize("body", [{}, {"changes": []}, "x", None, [{"key": PORT, "value": 9000, "who": "me"}]])
def test_a_bulk_that_is_no_list_of_changes_is_refused(admin, body):
    assert code_of(admin.post("/config/bulk", body)) in ("invalid_request", "malformed_json")
    assert all_changes() == []


def test_a_bulk_has_a_limit(admin, configure):
    configure(MAX_BATCH_SIZE=2)
    answer = admin.post("/config/bulk", [{"key": PORT, "value": 9000}] * 3)
    assert code_of(answer) == "batch_size_exceeded"


def test_history_roll_back_and_unset(admin, config_worker):
    for value in (9000, 9001):
        accepted(admin.send("PUT", f"/config/{PORT}", {"value": value}))
    config_worker.run_all()
    assert accepted(admin.post(f"/config/{PORT}/rollback", {"version": 1}))["value"] == 9000
    assert accepted(admin.send("DELETE", f"/config/{PORT}"))["value"] is None
    config_worker.run_all()
    history = admin.get(f"/config/{PORT}/history?limit=3").json()
    assert [(row["version"], row["value"], row["is_active"]) for row in history["results"]] == [
        *((4, None, False), (3, 9000, True), (2, 9001, True)),
    ]
    (oldest,) = admin.get(history["next"].split("/api/v1")[1]).json()["results"]
    assert (oldest["version"], oldest["value"]) == (1, 9000)
    assert datetime.fromisoformat(oldest["at"]).tzinfo
    now = admin.get(f"/config/{PORT}").json()
    assert (now["value"], now["source"], now["version"]) == (8080, "default", 4)
    assert fields_of(admin.post(f"/config/{PORT}/rollback", {"version": 9})) == {"version": "unknown_version"}


@pytest.mark.parametrize("path", ["", "/history"])
@pytest.mark.parametrize("key", ["app.unheard_of", "a.b", "nodots", "app$debug", "%00", "a" * 2000])
def test_an_unknown_key_is_not_found(admin, key, path):
    answer = admin.get(f"/config/{key}{path}")
    assert (answer.status_code, code_of(answer)) == (404, "unknown_key")


def test_a_secret_shows_as_its_mask_in_every_answer(admin, config_worker, settings):
    secret, mask = "hunter2-0123456789-abcd", "*" * 19 + "abcd"
    key = "anythingllm.api_key"
    answers = [
        admin.post("/config/validate", {"key": key, "value": secret}),
        admin.post("/config", {"key": key, "value": secret}),
        admin.get(f"/config/{key}"),
    ]
    config_worker.run_all()
    accepted(admin.send("DELETE", f"/config/{key}"))
    config_worker.run_all()
    accepted(admin.post(f"/config/{key}/rollback", {"version": 1}))
    config_worker.run_all()
    paths = ("/config", f"/config/{key}", f"/config/{key}/history", "/config/audit", "/config/export", "/tasks")
    answers += [admin.get(path) for path in paths]
    answers.append(admin.post("/config", {"key": key, "value": secret + "\x1b"}))
    for answer in answers:
        assert secret not in answer.content.decode()
    assert answers[1].json()["value"] == mask
    export = admin.get("/config/export").json()
    assert export == {"values": {}, "secrets": {key: mask}}


def test_the_export_holds_what_the_database_does(admin, config_worker):
    submit_change(PORT, 9000, actor=ALICE)
    submit_change("app.debug", True, actor=ALICE)
    config_worker.run_all()
    export = admin.get("/config/export").json()
    assert export == {"values": {PORT: 9000, "app.debug": True}, "secrets": {}}
    again = [{"key": key, "value": value} for key, value in export["values"].items()]
    assert len(accepted(admin.post("/config/bulk", again))["changes"]) == 2


def test_an_override_of_the_environment_shows_as_such(admin, configure):
    configure(CONFIG={"OVERRIDES": {PORT: 7000}})
    shown = admin.get(f"/config/{PORT}").json()
    assert (shown["value"], shown["source"]) == (7000, "environment")


def test_every_key_is_listed_with_where_its_value_comes_from(admin):
    found = admin.get("/config?limit=200").json()
    assert len(found["results"]) == 98
    assert (found["next"], found["previous"]) == (None, None)
    assert {row["source"] for row in found["results"]} == {"default"}


def test_the_keys_come_in_pages_forwards_and_backwards(admin):
    every = [row["key"] for row in admin.get("/config?limit=200").json()["results"]]
    pages, address = [], "/config?limit=40"
    while address:
        pages.append(admin.get(address).json())
        address = pages[-1]["next"] and pages[-1]["next"].split("/api/v1")[1]
    assert [[row["key"] for row in page["results"]] for page in pages] == [every[:40], every[40:80], every[80:]]
    back = admin.get(pages[2]["previous"].split("/api/v1")[1]).json()
    assert back == pages[1]
    assert admin.get(back["previous"].split("/api/v1")[1]).json()["results"] == pages[0]["results"]
    assert len(admin.get("/config").json()["results"]) == 50


@pytest.mark.parametrize("cursor", ["x", "", "02", "0", "7a", "%FF"])
def test_a_cursor_of_no_page_of_keys_is_refused(admin, cursor):
    assert fields_of(admin.get(f"/config?cursor={cursor}")) == {"cursor": "value_error"}


def test_the_audit_is_filtered_and_paged(admin, config_worker):
    for value in ("9000", "x", "y"):
        admin.post("/config", {"key": PORT, "value": value})
    admin.post("/config", {"key": "app.debug", "value": "x"})
    config_worker.run_all()
    assert len(admin.get("/config/audit").json()["results"]) == 4
    assert len(admin.get(f"/config/audit?key={PORT}").json()["results"]) == 3
    assert len(admin.get(f"/config/audit?key={PORT}&status=success").json()["results"]) == 1
    assert admin.get("/config/audit?actor=nobody").json()["results"] == []
    page = admin.get("/config/audit?status=refused&limit=2").json()
    assert len(page["results"]) == 2
    assert len(admin.get(page["next"].split("/api/v1")[1]).json()["results"]) == 1


def test_prefer_wait_answers_when_the_change_is_applied(live, acme, config_worker):
    key = key_for(acme, "admin")
    with threads(1) as run:
        asked = run(lambda: live.send(key, "PUT", f"/config/{PORT}", {"value": 9000}, Prefer="wait=20"))
        wait_until(all_changes)
        config_worker.run_all()
        answer = asked.result(PATIENCE_SECONDS)
    change = accepted(answer)
    assert (change["status"], change["version"], answer["Preference-Applied"]) == ("applied", 1, "wait=20")


def test_an_admin_key_whose_scope_is_reading_cannot_change(acme):
    reader = Api(key_for(acme, "admin", scopes=["config:read"]))
    assert reader.get("/config").status_code == 200
    assert code_of(reader.post("/config", {"key": PORT, "value": 9000})) == "forbidden"
    assert reader.post("/config/validate", {"key": PORT, "value": 9000}).status_code == 200
