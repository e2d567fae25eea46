"""The task list: filters, search and pages, and what they ask of the database."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from queueapp import tasks
from queueapp.admin.toolkit.pagination import MOST_ROWS
from queueapp.models import Queue, Task
from queueapp.tenancy import bind_tenant, operator_scope
from tests.admin.pages import TASKS, shown


def listed(client, query=""):
    return shown(client.get(TASKS + query))


@pytest.fixture
def more_queues(clean_database):
    with operator_scope("operator:test"):
        Queue.objects.bulk_create([Queue(name="feeds"), Queue(name="finds")])


@pytest.fixture
def mixed(acme, globex, make_task, more_queues):
    """Tasks by name: their types, queues, statuses and tenants differ."""
    return {
        "echo": make_task(),
        "dead": make_task(status="dead_letter"),
        "fetched": make_task(type="fetch.page", queue="feeds", status="completed"),
        "region": make_task(type="fetch.page", queue="feeds", requirements={"region": "eu"}),
        "feed": make_task(type="fetch.feed", queue="feeds"),
        "searched": make_task(type="fetch.page", queue="finds", tenant=globex),
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "searched feed region fetched dead echo"),
        ("?status=dead_letter", "dead"),
        ("?status=queued", "searched feed region echo"),
        ("?status=leased", ""),
        ("?type=fetch.page", "searched region fetched"),
        ("?queue=feeds", "feed region fetched"),
        ("?queue=finds", "searched"),
        ("?tenant=globex", "searched"),
        ("?tenant=acme", "feed region fetched dead echo"),
        ("?type=fetch.page&queue=feeds", "region fetched"),
        ("?type=fetch.page&queue=feeds&status=queued&tenant=acme", "region"),
        ("?type=fetch.page&tenant=globex", "searched"),
        ("?type=echo&queue=feeds", ""),
        ("?status=nonsense", ""),
        ("?type=no.such.type", ""),
        ("?queue=nowhere", ""),
        ("?tenant=nobody", ""),
    ],
)
def test_filters_narrow_the_list_the_newest_first(root, mixed, query, names):
    assert listed(root, query) == [mixed[name] for name in names.split()]


def test_a_filter_offers_what_exists_and_what_was_asked_for(root, mixed):
    page = root.get(f"{TASKS}?type=no.such.type")
    offered = {spec.title: [value for value, _ in spec.lookup_choices] for spec in page.context["cl"].filter_specs}
    assert {"echo", "sleep", "no.such.type"} <= set(offered["type"])
    assert {"default", "feeds", "finds"} <= set(offered["queue"])
    assert {"acme", "globex", "system"} <= set(offered["tenant"])
    assert len(offered["status"]) == 8


def test_a_task_is_found_by_its_whole_id(root, mixed):
    task = mixed["feed"]
    assert listed(root, f"?q={task.id}") == [task]
    assert listed(root, f"?q=%20{str(task.id).upper()}%20") == [task]
    assert listed(root, f"?q={str(task.id)[:13]}") == []
    assert listed(root, "?q=echo") == []


def test_the_order_cannot_be_changed_by_the_url(root, mixed):
    newest_first = listed(root)
    for order in ("1", "-1", "5.-2", "9999", "x"):
        assert listed(root, f"?o={order}") == newest_first


@pytest.mark.parametrize("query", ["", "?status=queued", "?type=echo", "?queue=default", "?tenant=acme"])
def test_pages_of_every_filter_are_whole(root, acme, make_task, query):
    submit(acme, 60)
    with_requirements = [make_task(requirements={"region": "eu"}), make_task(requirements={"region": "us"})]
    submit(acme, 60)
    with operator_scope("operator:test"):
        everything = list(Task.objects.order_by("-id"))
    joiner = "&" if query else "?"
    pages = [listed(root, f"{query}{joiner}p={number}") for number in (1, 2, 3)]
    assert [len(page) for page in pages] == [50, 50, 22]
    assert [task for page in pages for task in page] == everything
    assert set(with_requirements) <= set(everything)


def test_a_long_list_is_counted_to_its_cap_only(root, acme):
    submit(acme, MOST_ROWS + 1)
    page = root.get(f"{TASKS}?queue=default").content.decode()
    assert "10,000+ tasks" in page
    assert "10,000+ found" in page
    assert len(listed(root, "?p=200")) == 50
    assert root.get(f"{TASKS}?p=201")["Location"] == f"{TASKS}?e=1"


def test_a_short_list_is_counted_exactly(root, mixed):
    page = root.get(f"{TASKS}?queue=feeds").content.decode()
    assert "3 tasks" in page
    assert "10,000" not in page
    assert "1 task\n" in root.get(f"{TASKS}?queue=finds").content.decode()


QUERIES = [
    "",
    "?p=2",
    "?status=queued",
    "?status=queued&p=2",
    "?type=echo",
    "?queue=default&p=2",
    "?tenant=acme&p=2",
    "?tenant=acme&status=queued&queue=default&type=echo&p=2",
    "?o=1",
    "?_facets=1",
]


@pytest.mark.parametrize("query", QUERIES)
def test_no_list_counts_or_compares_all_tasks(root, acme, make_task, query):
    submit(acme, 60)
    make_task(requirements={"region": "eu"})
    with CaptureQueriesContext(connection) as captured:
        answer = root.get(TASKS + query)
    assert answer.status_code == 200
    on_tasks = [entry["sql"] for entry in captured if re.search(r'\btaskrunner_tasks"', entry["sql"])]
    assert on_tasks
    for sql in on_tasks:
        assert "DISTINCT" not in sql
        assert "COUNT(" not in sql or f"LIMIT {MOST_ROWS + 1}) subquery" in sql
        assert " LIMIT " in sql or '"taskrunner_tasks"."id" IN (' in sql
        large = {"params", "result", "error_message", "error_detail"}
        assert not large & set(re.findall(r'"taskrunner_tasks"\."(\w+)"', sql))


def submit(tenant, number):
    with bind_tenant(tenant.id):
        tasks.submit_many([{"type": "echo"}] * number)
