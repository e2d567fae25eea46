"""The console in a browser: every page is usable, and an operator's jobs take few clicks."""

import pytest
from django.contrib.auth.models import User

from queueapp import tasks
from queueapp.models import Membership, Queue, Task, Tenant
from queueapp.tenancy import operator_scope
from tests.browser.console_pages import addresses
from tests.browser.jobs import JOBS, Operator
from tests.browser.pages import NARROW, WIDE, at, findings

MANY = 20_000


def test_every_page_of_operators(scene, sign_in):
    root = User.objects.create_superuser("root")
    page = sign_in(root)
    found = {}
    for address in addresses(scene, "all", root).values():
        found |= findings(page, address)
    assert found == {}


def test_every_page_of_a_tenant(scene, sign_in, administrator):
    page = sign_in(administrator)
    found = {}
    for address in addresses(scene, "acme", administrator).values():
        found |= findings(page, address)
    assert found == {}


def test_the_way_in(sign_in, clean_database):
    assert findings(sign_in(None), "/console/sign-in/") == {}
    assert findings(sign_in(User.objects.create_superuser("root")), "/console/") == {}


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_ten_jobs_of_an_operator_take_three_clicks_at_most(scene, sign_in, acme, width):
    tasks.submit_many([{"type": "echo", "delay_seconds": 3600}] * (MANY // 2), tenant_id=acme.pk)
    tasks.submit_many([{"type": "sample.noop", "queue": "media"}] * (MANY // 2), tenant_id=acme.pk)
    operator = Operator(at(sign_in(User.objects.create_superuser("root")), width))
    for job in JOBS:
        operator.begin()
        job(operator, scene)
        assert operator.clicks <= 3, job.__name__
    assert operator.waiting_in("media") == MANY // 2 + 12
    with operator_scope("operator:test"):
        assert Queue.objects.get(name="default").pause_reason == "deploying"


def test_a_tenant_submits_corrects_and_watches_while_what_was_ticked_stays_ticked(scene, sign_in, acme):
    user = User.objects.create_user("hopper")
    with operator_scope("operator:test"):
        Membership.objects.create(tenant=acme, user=user, role="operator", sees_payloads=True)
    page = sign_in(user)
    page.goto("/console/acme/new/?type=sample.record")
    page.fill("[name=p-times]", "1.5")
    page.click("main button:has-text('Submit')")
    page.locator(".fault").first.wait_for()
    page.fill("[name=p-times]", "1")
    page.click("main button:has-text('Submit')")
    page.get_by_text("Done").first.wait_for()  # by itself: nobody loads the page again

    page.goto("/console/acme/tasks/?state=queued&queue=media")
    box = page.locator("input[name=task]").first
    box.check()
    box.focus()
    row = page.locator("tbody tr").first
    shown = row.get_attribute("id")
    with operator_scope("operator:test"):
        tasks.cancel(Task.objects.get(pk=shown.removeprefix("t-")).pk)
    page.locator(f"#{shown} .badge.cancelled").wait_for()
    assert box.is_checked()
    assert page.evaluate("document.activeElement.name") == "task"


def test_hostile_text_of_tenants_does_nothing(sign_in, acme, make_task, tmp_path):
    hostile = '"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}'
    with operator_scope("operator:test"):
        Tenant.objects.filter(pk=acme.pk).update(name=hostile)
    task = make_task(
        "dead_letter", params={hostile: hostile}, labels=[hostile[:64]], error_message=hostile, error_code=hostile[:100]
    )
    page = sign_in(User.objects.create_superuser("root"))
    for address in (
        "",
        "tasks/",
        f"tasks/{task.pk}/",
        f"tasks/?find={hostile}",
        "errors/",
        "audit/",
        f"new/?tenant=acme&copy={task.pk}",
    ):
        page.goto(f"/console/all/{address}")
        assert page.locator("img[src=x]").count() == 0
