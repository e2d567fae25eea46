"""ETag, If-Match and If-None-Match on keys of the configuration."""

import pytest

from tests.configapp.applying import accepted, all_changes, records, versions
from tests.rest.calling import code_of

PORT = "app.api_port"


def test_if_match_lets_only_one_of_two_editors_change_a_key(admin, config_worker):
    etag = admin.get(f"/config/{PORT}")["ETag"]
    accepted(admin.send("PUT", f"/config/{PORT}", {"value": 9000}, If_Match=etag))
    config_worker.run_all()
    late = admin.send("PUT", f"/config/{PORT}", {"value": 9001}, If_Match=etag)
    assert (late.status_code, code_of(late)) == (412, "precondition_failed")
    assert records()[-1].reason == "version_mismatch"
    accepted(admin.send("PUT", f"/config/{PORT}", {"value": 9001}, If_Match=admin.get(f"/config/{PORT}")["ETag"]))
    config_worker.run_all()
    assert versions(PORT) == [(1, 9000), (2, 9001)]


def test_both_accepted_with_the_same_etag_the_second_ends_in_conflict(admin, config_worker):
    first, second = (
        accepted(admin.send("PUT", f"/config/{PORT}", {"value": value}, If_Match='"0"')) for value in (9000, 9001)
    )
    config_worker.run_all()
    assert {change.id: change.status for change in all_changes()} == {
        **{change.id: "applied" for change in all_changes() if str(change.id) == first["id"]},
        **{change.id: "conflict" for change in all_changes() if str(change.id) == second["id"]},
    }
    assert versions(PORT) == [(1, 9000)]


@pytest.mark.parametrize(
    "conditions",
    [
        *({"If_Match": header} for header in ("", "1", '"x"', '"1", "2"', "W/0", '"00"')),
        *({"If_None_Match": header} for header in ("*", '"0"', 'W/"0-gzip"', '"1", "0"')),
    ],
)
def test_a_precondition_that_does_not_hold_changes_nothing(admin, conditions):
    for method, path, body in (("PUT", f"/config/{PORT}", {"value": 9000}), ("DELETE", f"/config/{PORT}", None)):
        answer = admin.send(method, path, body, **conditions)
        assert (answer.status_code, code_of(answer)) == (412, "precondition_failed")
    assert admin.post("/config", {"key": PORT, "value": 9000}, **conditions).status_code == 412
    assert all_changes() == []


@pytest.mark.parametrize(
    "conditions",
    [
        *({"If_Match": header} for header in ("*", '"0"', '"0-gzip"', 'W/"0"', '"1", "0"')),
        *({"If_None_Match": header} for header in ('"1"', '"x"', "")),
    ],
)
def test_one_that_holds_lets_the_change_pass(admin, conditions):
    accepted(admin.send("PUT", f"/config/{PORT}", {"value": 9000}, **conditions))


def test_a_key_at_a_known_version_is_not_sent_again(admin):
    etag = admin.get(f"/config/{PORT}")["ETag"]
    answer = admin.get(f"/config/{PORT}", If_None_Match=etag)
    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", etag)
    assert admin.get(f"/config/{PORT}", If_None_Match='"7"').status_code == 200
