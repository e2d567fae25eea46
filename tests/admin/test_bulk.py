"""Verbs for all that match: previewed, carried out by tasks of the platform, closed to an address that is unclear."""

import pytest
from django.test import Client

from queueapp.models import OperatorAction, Queue, Task
from queueapp.tasks import bulk_preview
from queueapp.tenancy import operator_scope
from tests.admin.pages import TASKS, run_action, said
from tests.factories import fresh
from tests.markup import Page
from tests.platform_worker import run_platform_tasks


def page_of(verb, query=""):
    return f"{TASKS}bulk/{verb}/{query}"


def platform_tasks():
    with operator_scope("operator:test"):
        return list(Task.objects.filter(type="platform.bulk").select_related("tenant").order_by("id"))


REASON = {"reason": "the provider is back"}


@pytest.fixture
def feeds(clean_database):
    with operator_scope("operator:test"):
        return Queue.objects.create(name="feeds").name


def test_the_action_leads_to_a_page_and_moves_nothing(root, make_task, feeds):
    task = make_task(queue=feeds, status="dead_letter")
    address = f"{TASKS}?queue=feeds&status=dead_letter&p=1&q="
    answer = run_action(root, "redrive", [task], address=address, everywhere=True)
    assert (answer.status_code, answer["Location"]) == (302, page_of("redrive", "?queue=feeds&status=dead_letter"))
    assert root.get(answer["Location"]).status_code == 200
    assert (fresh(task).status, platform_tasks()) == ("dead_letter", [])


def test_the_page_says_how_many_and_which(root, globex, make_task, feeds):
    dead = [make_task(queue=feeds, status="dead_letter") for _ in range(25)]
    make_task(queue=feeds, status="dead_letter", tenant=globex)
    others = [make_task(queue=feeds), make_task(status="dead_letter")]
    answer = root.get(page_of("redrive", "?queue=feeds"))
    seen = answer.context["preview"]
    assert [(share.tenant.slug, share.count) for share in seen.tenants] == [("acme", 25), ("globex", 1)]
    assert answer.context["total"] == "26"
    sample = seen.sample
    assert len(sample) == bulk_preview.SAMPLE
    assert {task.status for task in sample} == {"dead_letter"}
    assert all(str(task.id) not in answer.content.decode() for task in others)
    assert any(str(task.id) in answer.content.decode() for task in dead)
    assert Page(answer.content.decode()).forbidden == []


def test_a_long_backlog_is_counted_to_its_cap_only(root, make_task, monkeypatch):
    monkeypatch.setattr(bulk_preview, "MOST_COUNTED", 3)
    for _ in range(5):
        make_task()
    answer = root.get(page_of("cancel"))
    assert answer.context["total"] == "more than 3"
    assert "<td>4+</td>" in answer.content.decode()


def test_a_task_of_the_platform_carries_it_out(root, acme, globex, make_task, feeds, background):
    meant = [make_task(queue=feeds, status="dead_letter") for _ in range(3)]
    others = [make_task(status="dead_letter"), make_task(queue=feeds, status="dead_letter", tenant=globex)]
    answer = root.post(page_of("redrive", "?queue=feeds&tenant=acme&status=dead_letter"), REASON)
    (task,) = platform_tasks()
    assert task.tenant == acme
    assert answer["Location"] == f"{TASKS}{task.id}/change/"
    assert said(answer) == ["This task does it (redrive): see its progress, its log and its result."]
    run_platform_tasks(background)
    assert fresh(task).progress == {"fraction": 1.0, "message": "3 of 3 tasks changed"}
    assert {fresh(each).status for each in meant} == {"queued"}
    assert {fresh(each).status for each in others} == {"dead_letter"}
    assert (fresh(task).status, fresh(task).result["changed"]) == ("completed", 3)
    assert "redrive: 3 tasks changed, 0 refused" in root.get(answer["Location"]).content.decode()


def test_it_wants_a_reason_and_asks_before_it_does_the_same_twice(root, make_task):
    make_task()
    for form in ({}, {"reason": " "}, {"reason": "x" * 501}):
        answer = root.post(page_of("cancel"), form)
        assert (answer.status_code, said(answer)[0].partition(":")[0]) == (200, "reason")
    assert platform_tasks() == []
    assert root.post(page_of("cancel"), REASON).status_code == 302
    (first,) = platform_tasks()
    answer = root.post(page_of("cancel"), REASON)
    assert said(answer)[-1] == f"Task {first.id} of the last minute does the same. Press again to mean it."
    assert len(platform_tasks()) == 1
    assert 'name="again" value="true"' in answer.content.decode()
    assert root.post(page_of("cancel"), {**REASON, "again": "true"}).status_code == 302
    assert len(platform_tasks()) == 2


def test_each_tenant_has_a_task_of_its_own(root, acme, globex, make_task, background):
    tasks = [make_task(), make_task(tenant=globex)]
    answer = root.post(page_of("cancel", "?status=queued"), REASON)
    assert [task.tenant for task in platform_tasks()] == [acme, globex]
    assert answer["Location"] == f"{TASKS}?type=platform.bulk"
    assert len(root.get(answer["Location"]).context["cl"].result_list) == 2
    assert len(run_platform_tasks(background)) == 2
    assert {fresh(task).status for task in tasks} == {"cancelled"}


def test_it_is_noted_with_who_did_it_and_to_which_tasks(root, make_task):
    make_task(status="failed")
    as_of = root.get(page_of("retry", "?status=failed&type=echo")).context["as_of"]
    root.post(page_of("retry", "?status=failed&type=echo"), {**REASON, "as_of": as_of})
    with operator_scope("operator:test"):
        action = OperatorAction.objects.get()
    assert (action.actor, action.action, action.target) == ("operator:root", "task.retry", "all that match a filter")
    assert action.detail == {
        "filter": {"state": "failed", "type": "echo"},
        "reason": "the provider is back",
        "as_of": as_of.replace("+00:00", "Z"),
        "counts": {"acme": 1},
        "tasks": [str(task.id) for task in platform_tasks()],
    }


def test_what_the_verb_does_not_change_is_not_meant(root, make_task):
    make_task(status="completed")
    for answer in (root.get(page_of("retry")), root.post(page_of("retry"), REASON)):
        assert "There is no such task" in answer.content.decode()
        assert b'type="submit" value="Retry' not in answer.content
    assert platform_tasks() == []


def test_more_tenants_than_can_be_served_at_once_must_be_filtered(root, globex, make_task, monkeypatch):
    monkeypatch.setattr(bulk_preview, "MOST_TENANTS", 1)
    make_task()
    make_task(tenant=globex)
    for answer in (root.get(page_of("cancel")), root.post(page_of("cancel"), REASON)):
        assert "more than 1 tenants" in answer.content.decode()
    assert platform_tasks() == []
    assert root.post(page_of("cancel", "?tenant=globex"), REASON).status_code == 302
    assert len(platform_tasks()) == 1


UNCLEAR = [
    "e=1",
    "status=",
    "status=nonsense",
    "status=pending",
    "status=%00",
    "type=",
    "type=%2A",
    "type=echo.%2A",
    "type=" + "x" * 5000,
    "queue=",
    "queue=%00",
    "queue=" + "x" * 5000,
    "tenant=",
    "tenant=%00",
    "tenant=" + "x" * 5000,
    "label=x",
    "q=%00",
    "_facets=1",
    "nonsense=1",
    "x" * 5000 + "=1",
]


@pytest.mark.parametrize("query", UNCLEAR, ids=lambda query: query[:20])
@pytest.mark.parametrize("verb", ["retry", "cancel", "redrive"])
def test_an_address_that_is_unclear_selects_nothing(root, make_task, verb, query):
    tasks = [make_task(status="failed"), make_task(status="dead_letter")]
    for answer in (root.get(page_of(verb, f"?{query}")), root.post(page_of(verb, f"?{query}"), REASON)):
        assert (answer.status_code, answer["Location"]) == (302, f"{TASKS}?e=1")
        assert said(answer)
    assert [fresh(task).status for task in tasks] == ["failed", "dead_letter"]
    assert platform_tasks() == []
    listed = root.get(f"{TASKS}?e=1")
    assert listed.context["cl"].result_count == 0


def test_an_unknown_name_selects_nothing(root, make_task):
    make_task()
    for query in ("type=no.such", "queue=nowhere", "tenant=nobody", "status=completed"):
        assert root.post(page_of("cancel", f"?{query}"), REASON).status_code == 200
    assert platform_tasks() == []


def test_a_search_is_for_its_one_task(root, make_task):
    task, other = make_task(), make_task()
    run_action(root, "cancel", [other], address=f"{TASKS}?q={task.id}", everywhere=True)
    assert (fresh(task).status, fresh(other).status) == ("cancelled", "queued")
    assert platform_tasks() == []


def test_a_search_for_nothing_is_none(root, make_task):
    """Django strips what is searched for."""
    task = make_task()
    answer = run_action(root, "cancel", [task], address=f"{TASKS}?q=%20%E2%80%83", everywhere=True)
    assert (answer.status_code, answer["Location"]) == (302, page_of("cancel"))
    assert (fresh(task).status, platform_tasks()) == ("queued", [])


def test_only_who_may_operate_tasks_may(watcher, task_operator, make_task):
    make_task()
    for send in (watcher.get, watcher.post):
        assert send(page_of("cancel")).status_code == 403
    assert platform_tasks() == []
    assert task_operator.post(page_of("cancel"), REASON).status_code == 302
    assert len(platform_tasks()) == 1


def test_it_takes_a_token(root, make_task):
    make_task()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = root.cookies
    assert strict.post(page_of("cancel"), REASON).status_code == 403
    assert platform_tasks() == []
