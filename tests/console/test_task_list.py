"""The list of tasks: filters, pages, finding, rows that renew themselves, and acts on what is ticked."""

import re

import pytest

from queueapp.console import task_list, task_pages
from queueapp.maintenance.jobs import FoldCounters
from queueapp.models import OperatorAction, Queue
from queueapp.models.base import Now
from queueapp.states import Status
from queueapp.tenancy import operator_scope, system_scope
from tests.factories import fresh

ROW = re.compile(r'<tr id="t-([0-9a-f]{32})"')
LINK = re.compile(r'<a[^>]*href="([^"]+)"[^>]*>([^<]+)')


def rows(page: str) -> list[str]:
    return ROW.findall(page)


def link(page: str, words: str) -> str:
    (address,) = {found[0].replace("&amp;", "&") for found in LINK.findall(page) if found[1] == words}
    return address


def get(client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


@pytest.fixture
def small_pages(monkeypatch):
    """Pages of two rows, and windows of three."""
    monkeypatch.setattr(task_pages.page_of, "__kwdefaults__", {"most": 2})
    monkeypatch.setattr(task_pages, "WINDOW", 3)


@pytest.mark.parametrize("query", ["", "?state=dead_letter", "?type=echo", "?queue=default&state=dead_letter"])
def test_pages_lead_to_and_fro_without_a_gap(query, root, make_task, small_pages):
    made = [make_task("dead_letter").pk.hex for _ in range(5)][::-1]
    first = get(root, f"/console/all/tasks/{query}")
    second = get(root, link(first, "Older"))
    third = get(root, link(second, "Older"))
    assert [rows(first), rows(second), rows(third)] == [made[:2], made[2:4], made[4:]]
    assert rows(get(root, link(third, "Newer"))) == made[2:4]
    assert rows(get(root, link(second, "Newer"))) == made[:2]


def test_types_of_a_pattern_are_merged(root, make_task, small_pages):
    made = [make_task(type=type).pk.hex for type in ("shop.a", "shop.b", "other", "shop.a", "shop.b")][::-1]
    first = get(root, "/console/all/tasks/?type=shop.*")
    assert rows(first) + rows(get(root, link(first, "Older"))) == [made[place] for place in (0, 1, 3, 4)]


def test_something_rare_is_found_by_looking_further(acme, make_task, member, small_pages):
    rare = make_task(labels=["rare"])
    for _ in range(5):
        make_task()
    client = member(acme)
    page = get(client, "/console/acme/tasks/?label=rare")
    assert rows(page) == []
    assert rows(get(client, link(page, "Look further back"))) == [rare.pk.hex]


def test_filters_become_chips_that_can_be_taken_off(root, acme, globex, make_task):
    mine = make_task("dead_letter", labels=["invoice"])
    make_task("dead_letter", tenant=globex, labels=["invoice"])
    make_task("dead_letter", error_code="other")
    page = get(root, "/console/all/tasks/?tenant=acme&error_code=handler_error&label=invoice&since=1h")
    assert rows(page) == [mine.pk.hex]
    assert "It went wrong." in page
    assert len(rows(get(root, link(page, "tenant: acme ")))) == 2


def test_a_filter_that_cannot_be_is_named(root, acme, member):
    answer = root.get("/console/all/tasks/?since=soon&colour=red")
    assert answer.status_code == 400 and "colour" in answer.content.decode() and "since" in answer.content.decode()
    assert member(acme).get("/console/acme/tasks/?tenant=globex").status_code == 400
    assert root.get("/console/all/tasks/?before=x").status_code == 400


def test_tabs_count_by_queue_and_tenant(root, acme, globex, make_task):
    make_task("dead_letter")
    make_task("dead_letter", tenant=globex)
    make_task()
    with system_scope("test"):
        FoldCounters()()
    page = get(root, "/console/all/tasks/?tenant=acme&state=queued")
    counts = dict(re.findall(r">([A-Z]\w+) <span class=\"count\">(\d+)", page))
    assert (counts["All"], counts["Waiting"], counts["Failed"]) == ("2", "1", "1")
    assert "count" not in get(root, "/console/all/tasks/?type=echo").split("<main")[1]


def test_what_is_sought_is_found(root, acme, make_task):
    task = make_task(labels=["order-77"])
    make_task(type="shop.a")
    for text in (str(task.pk), task.pk.hex[:-1], task.pk.hex[-8:]):
        assert root.get("/console/all/tasks/", {"find": text}).url == f"/console/all/tasks/{task.pk}/"
    filters = {"echo": "type=echo", "default": "queue=default", "acme": "tenant=acme", "order-77": "label=order-77"}
    for text, query in filters.items():
        assert root.get("/console/all/tasks/", {"find": text}).url == f"/console/all/tasks/?{query}"
    several = get(root, f"/console/all/tasks/?find={task.pk.hex[:8]}")
    assert len(rows(several)) == 2


def test_rows_renew_in_place_and_new_ones_are_told_of(root, make_task):
    task = make_task()
    page = get(root, "/console/all/tasks/")
    live = re.search(r'id="live" data-live="([^"]+)"', page)[1].replace("&amp;", "&")
    with operator_scope("operator:test"):
        type(task).objects.filter(pk=task.pk).update(status=Status.CANCELLED, finished_at=task.created_at)
    make_task()
    renewed = get(root, live)
    assert rows(renewed) == [task.pk.hex]
    assert "1 new, show" in renewed and 'class="badge cancelled"' in renewed


def test_ticked_tasks_are_acted_upon_after_a_page_that_says_which(root, acme, globex, make_task):
    dead, other, running = make_task("dead_letter"), make_task("dead_letter", tenant=globex), make_task("leased")
    ticked = {"verb": "retry", "task": [dead.pk, other.pk, running.pk, "nonsense"]}
    page = root.post("/console/all/tasks/ticked/", ticked).content.decode()
    assert "<b>2</b> of the 3 ticked tasks: 1 of acme, 1 of globex" in re.sub(r"\s+", " ", page)
    assert fresh(dead).status == Status.DEAD_LETTER
    answer = root.post("/console/all/tasks/ticked/", {**ticked, "confirmed": "1", "reason": "fixed"}, follow=True)
    assert "2 tasks queued again." in answer.content.decode() and "1 refused: it is leased." in answer.content.decode()
    with operator_scope("operator:test"):
        assert {(each.tenant_id, each.detail["reason"]) for each in OperatorAction.objects.all()} == {
            (acme.pk, "fixed"),
            (globex.pk, "fixed"),
        }


def test_ticked_tasks_are_cancelled_only_with_a_reason(root, make_task):
    task = make_task()
    given = {"verb": "cancel", "task": [task.pk], "confirmed": "1", "reason": " "}
    assert "This field is required." in root.post("/console/all/tasks/ticked/", given).content.decode()
    assert fresh(task).status == Status.QUEUED


def test_the_first_five_minutes_lead_to_a_first_task(root, acme, member, make_task):
    page = get(root, "/console/all/tasks/")
    assert "No worker is connected" in page and "Run your first task" in page and "createapikey" in page
    make_task()
    assert "No worker is connected" not in get(root, "/console/all/tasks/")


def test_what_waits_long_says_what_is_in_its_way(acme, make_task, member, monkeypatch):
    monkeypatch.setattr(task_list, "LONG_WAIT_SECONDS", 0)
    make_task()
    client = member(acme)
    assert "No live worker may take it." in get(client, "/console/acme/tasks/")
    with operator_scope("operator:test"):
        Queue.objects.filter(name="default").update(paused_at=Now())
    assert "Its queue is paused." in get(client, "/console/acme/tasks/")


def test_failures_of_a_kind_are_listed_by_their_fingerprint(root, make_task):
    tasks = [make_task("dead_letter"), make_task("dead_letter", error_fingerprint="0123456789abcdef")]
    assert rows(get(root, "/console/all/tasks/?error_fingerprint=0123456789abcdef")) == [tasks[1].pk.hex]


def test_tenants_texts_are_inert(root, make_task):
    make_task("dead_letter", error_message="<script>alert(1)</script>", labels=['"><img src=x>'])
    page = get(root, "/console/all/tasks/")
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page
