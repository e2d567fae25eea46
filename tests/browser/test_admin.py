"""Every kind of page of the admin in a browser: nothing is stopped, and nothing stands in anybody's way."""

import pytest
from django.contrib.auth.models import User

from tests.admin.test_pages import REGISTERED, address, first_row
from tests.browser.pages import NARROW, WIDE, at, audit, findings

# Widgets of Django's own: what axe says of them, by the pages that have them.
PICKERS = {"aria-prohibited-attr"}  # of permissions and groups
DJANGOS_OWN = {"auth.Group": PICKERS, "auth.User": PICKERS | {"label"}}  # the parts of a date and time


@pytest.fixture
def root(sign_in, one_of_everything):
    """A page of the superuser, where there is a row of everything."""
    return sign_in(User.objects.create_superuser("root"))


def test_lists(root):
    found = {}
    for model in REGISTERED:
        found |= findings(root, address(model, "changelist"))
    assert found == {}


def test_pages_of_one(root):
    found = {}
    for model in REGISTERED:
        found |= findings(root, address(model, "change", first_row(model).pk), DJANGOS_OWN.get(model._meta.label, ()))
    assert found == {}


def test_a_task_with_a_history(root, make_task):
    task = make_task("dead_letter", params={"text": "x" * 300}, error_message="It went wrong. " * 30)
    assert findings(root, f"/admin/queueapp/task/{task.pk}/change/") == {}
    assert findings(root, "/admin/queueapp/task/bulk/redrive/?status=dead_letter") == {}


@pytest.mark.parametrize("page", ["", "queueapp/", "password_change/"])
def test_other_pages(root, page):
    assert findings(root, f"/admin/{page}") == {}


def test_refusals(root):
    assert findings(root, "/admin/nothing/", status=404) == {}
    assert findings(root, "/admin/queueapp/task/add/", status=403) == {}


def test_a_stranger(sign_in):
    assert findings(sign_in(None), "/admin/login/") == {}


def test_the_api_docs(sign_in):
    page = sign_in(None)
    assert page.goto("/api/v1/docs").status == 200
    # the sections are all alike, and one audit of all of them would take minutes
    page.evaluate(
        "document.querySelectorAll('section:not(:first-of-type), #schemas ~ *').forEach((each) => each.remove())"
    )
    assert audit(at(page, WIDE)) == audit(at(page, NARROW, "dark")) == []
