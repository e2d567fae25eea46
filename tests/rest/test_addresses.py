"""Addresses as people and programs write them: ids in capitals, times with a plus."""

from urllib.parse import quote

import pytest

from tests.rest.calling import fields_of


def test_an_id_in_capitals_is_the_same_id(client):
    task = client.submit()
    answer = client.get(f"/tasks/{str(task).upper()}")
    assert (answer.status_code, answer.json()["id"]) == (200, str(task))
    assert client.get(f"/tasks/{str(task).upper()}/logs").status_code == 200


def test_a_plus_that_became_a_space_is_named(client):
    answer = client.get("/tasks?created_after=2026-01-01T00:00:00+01:00")
    assert fields_of(answer) == {"created_after": "value_error"}
    assert "%2B" in answer.json()["detail"]
    assert client.get("/tasks?created_after=2026-01-01T00:00:00%2B01:00").status_code == 200


@pytest.mark.parametrize("offset", ["-23:59", "%2B16:00", "%2B15:59", "-00:00"])
def test_any_offset_of_a_time_can_be_read(client, offset):
    for name in ("created_after", "created_before"):
        assert client.get(f"/tasks?{name}=2026-01-01T00:00:00{offset}").status_code == 200


def test_created_after_includes_its_moment_and_created_before_does_not(client):
    client.post("/tasks/bulk", {"tasks": [{"type": "echo"}] * 3})
    moment = quote(client.get("/tasks?limit=1").json()["results"][0]["created_at"])
    assert len(client.get(f"/tasks?created_after={moment}").json()["results"]) == 3
    assert client.get(f"/tasks?created_before={moment}").json()["results"] == []
