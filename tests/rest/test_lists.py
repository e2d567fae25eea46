"""GET /tasks: filters, and pages that stay put while rows come and go."""

from datetime import UTC, datetime, timedelta

import pytest

from queueapp.models import Task
from queueapp.tenancy import operator_scope
from tests.rest.calling import API, fields_of


def ids(answer):
    assert answer.status_code == 200, answer.content
    return [task["id"] for task in answer.json()["results"]]


def follow(client, link):
    """GET an address that an answer named."""
    return client.get(link.removeprefix(f"http://testserver{API}"))


@pytest.fixture
def tasks(make_task):
    """The ids of ten tasks, the newest first."""
    return [str(make_task(labels=[f"n{n % 2}"], type=f"a.b{n}").id) for n in range(10)][::-1]


def test_pages_forth_and_back(client, tasks):
    first = client.get("/tasks?limit=4")
    second = follow(client, first.json()["next"])
    third = follow(client, second.json()["next"])
    assert [ids(first), ids(second), ids(third)] == [tasks[:4], tasks[4:8], tasks[8:]]
    assert (first.json()["previous"], third.json()["next"]) == (None, None)
    back = follow(client, third.json()["previous"])
    assert ids(back) == tasks[4:8]
    assert ids(follow(client, back.json()["previous"])) == tasks[:4]
    assert follow(client, back.json()["previous"]).json()["previous"] is None


def test_pages_stay_put_while_tasks_come_and_go(client, tasks, make_task):
    first = client.get("/tasks?limit=4&label=n1")
    with operator_scope("operator:test"):
        Task.objects.filter(id__in=[tasks[0], ids(first)[-1]]).delete()
    new = [str(make_task(labels=["n1"]).id) for _ in range(3)]
    second = follow(client, first.json()["next"])
    assert ids(first) + ids(second) == [task for task in tasks if tasks.index(task) % 2 == 0]
    assert ids(follow(client, second.json()["previous"])) == [*new[::-1], tasks[2], tasks[4]][-4:]


def test_an_empty_list_has_no_other_pages(client):
    assert client.get("/tasks").json() == {"results": [], "next": None, "previous": None}


def test_status_takes_groups_and_state_exact_names(client, make_task):
    made = {name: str(make_task(name).id) for name in ("scheduled", "queued", "leased", "failed", "dead_letter")}
    for query, names in {
        "status=pending": {"scheduled", "queued"},
        "status=running": {"leased"},
        "status=failed": {"failed", "dead_letter"},
        "state=failed": {"failed"},
        "status=dead_letter": {"dead_letter"},
        "state=completed": set(),
    }.items():
        assert set(ids(client.get(f"/tasks?{query}"))) == {made[name] for name in names}, query


def test_filters_by_type_queue_label_and_time(client, tasks):
    for query, expected in {
        "type=a.b3": tasks[6:7],
        "type=a.*": tasks,
        "type=a": [],
        "type=*": tasks,
        "queue=default": tasks,
        "queue=elsewhere": [],
        "label=n0": tasks[1::2],
        "label=n0&type=a.b2": tasks[7:8],
    }.items():
        assert ids(client.get(f"/tasks?{query}")) == expected, query


def test_filters_by_time_of_creation(client, make_task):
    now = datetime.now(UTC)
    # as raw SQL might, with an id of now and a past of its own
    old = str(make_task(created_at=now - timedelta(hours=20)).id)
    new = str(make_task().id)
    hour_ago = (now - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    assert ids(client.get(f"/tasks?created_after={hour_ago}")) == [new]
    assert ids(client.get(f"/tasks?created_before={hour_ago}")) == [old]


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("limit=0", {"limit": "greater_than_equal"}),
        ("limit=201", {"limit": "less_than_equal"}),
        ("limit=x", {"limit": "int_parsing"}),
        ("cursor=x", {"cursor": "value_error"}),
        ("cursor=AAAA", {"cursor": "value_error"}),
        ("cursor=%F0%9F%98%80", {"cursor": "value_error"}),
        ("status=asleep", {"status": "value_error"}),
        ("state=pending", {"state": "enum"}),
        ("status=failed&state=failed", {"request": "value_error"}),
        ("type=a.*.b", {"type": "value_error"}),
        ("label=%00", {"label": "value_error"}),
        ("queue=", {"queue": "too_short"}),
        ("created_after=2026-01-01", {"created_after": "value_error"}),
        ("created_after=9999-12-31T23:59:59-14:00", {"created_after": "value_error"}),
        ("created_before=0001-01-01T00:00:00Z", {"created_before": "time_out_of_range"}),
        ("colour=red", {"colour": "extra_forbidden"}),
        ("limit=1&limit=2", {"limit": "given_twice"}),
    ],
)
def test_a_query_that_cannot_be_used_is_refused_by_name(client, query, fields):
    assert fields_of(client.get(f"/tasks?{query}")) == fields


def test_a_client_lists_its_tenants_tasks_and_an_admin_everybodys(client, admin, make_task, globex):
    ours, theirs = str(make_task().id), str(make_task(tenant=globex).id)
    assert ids(client.get("/tasks")) == [ours]
    assert ids(admin.get("/tasks")) == [theirs, ours]
    assert ids(admin.get("/tasks?tenant=globex")) == [theirs]
    assert [task["tenant"] for task in admin.get("/tasks").json()["results"]] == ["globex", "acme"]
