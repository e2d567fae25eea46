"""A verb for all tasks that match: what the page says, what it submits, what is on record, and for whom."""

import re

import pytest

from queueapp.models import OperatorAction, Task
from queueapp.tasks.bulk import TYPE
from queueapp.tenancy import operator_scope

BULK = "/console/{}/bulk/new/?verb={}"
pytestmark = pytest.mark.rls_only


def submitted():
    with operator_scope("operator:test"):
        return list(Task.objects.filter(type=TYPE).select_related("tenant").order_by("tenant__slug"))


def decide(client, address, **fields):
    """As the page's form sends it."""
    as_of = re.search(r'name="as_of" value="([^"]+)"', client.get(address).content.decode())[1]
    return client.post(address, {"as_of": as_of, "first": "all", "reason": "the provider is back", **fields})


def test_the_page_counts_by_tenant_and_queue_and_touches_nothing(root, make_task, acme, globex):
    for tenant in (acme, acme, globex):
        make_task("dead_letter", tenant)
    make_task("completed", acme)
    shown = root.get(BULK.format("all", "retry")).context["preview"]
    assert {share.tenant.slug: share.count for share in shown.tenants} == {"acme": 2, "globex": 1}
    assert [(share.queue, share.count) for share in shown.queues] == [("default", 3)]
    assert submitted() == []


def test_it_is_carried_out_for_each_tenant_frozen_with_its_reason_and_ten_first(root, make_task, acme, globex):
    for tenant in (acme, globex):
        make_task("dead_letter", tenant)
    answer = decide(root, BULK.format("all", "retry") + "&type=echo", first="some")
    assert answer.status_code == 302
    tasks = submitted()
    assert [task.tenant.slug for task in tasks] == ["acme", "globex"]
    params = tasks[0].params
    assert (params["verb"], params["filter"]["type"]) == ("retry", "echo")
    assert (params["try_first"], params["go_on_if"]) == (10, 9)
    assert params["as_of"] and params["reason"] == "the provider is back"
    with operator_scope("operator:test"):
        acts = OperatorAction.objects.filter(action="task.retry").order_by("id")
        assert [(act.tenant_id, act.detail["counts"]) for act in acts] == [
            (acme.pk, {"acme": 1}),
            (globex.pk, {"globex": 1}),
        ]


def test_a_tenants_operator_reaches_its_own_tasks_alone(member, make_task, acme, globex):
    for tenant in (acme, globex):
        make_task("dead_letter", tenant)
    client = member(acme, "operator")
    page = client.get(BULK.format("acme", "redrive") + "&tenant=globex").content.decode()
    assert "globex" not in page.replace("tenant=globex", "")
    decide(client, BULK.format("acme", "redrive"))
    assert [task.tenant.slug for task in submitted()] == ["acme"]
    with operator_scope("operator:test"):
        assert OperatorAction.objects.get().actor == "client:operator-of-acme"


def test_without_a_reason_nothing_is_done(root, make_task):
    make_task("dead_letter")
    assert "reason" in decide(root, BULK.format("all", "retry"), reason=" ").context["form"].errors
    assert submitted() == []


def test_pressed_twice_it_asks(root, make_task):
    make_task("dead_letter")
    address = BULK.format("all", "retry")
    decide(root, address)
    asked = decide(root, address)
    assert "Press again" in asked.content.decode() and 'name="again" value="on"' in asked.content.decode()
    assert len(submitted()) == 1
    assert decide(root, address, again="on").status_code == 302
    assert len(submitted()) == 2


@pytest.mark.parametrize("query", ["", "&verb=explode", "&verb=retry&colour=red", "&verb=retry&state=odd"])
def test_an_address_that_says_anything_else_is_refused(root, query):
    assert root.get(f"/console/all/bulk/new/?{query}").status_code == 400


def test_a_moment_that_no_page_gave_is_refused(root, make_task):
    make_task("dead_letter")
    assert decide(root, BULK.format("all", "retry"), as_of="0001-01-01T00:00:00Z").status_code == 400
