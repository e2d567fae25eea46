"""Each page of the admin tells the browser a strict Content-Security-Policy, and asks for nothing it would stop."""

import pytest
from django.test import Client

from tests.admin.test_pages import REGISTERED, address, first_row
from tests.markup import Page


def forbidden(response):
    """What the answer's own policy would stop in it."""
    policy = response["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    assert "unsafe" not in policy
    return Page(response.content.decode()).forbidden


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_the_pages_of_a_table(root, one_of_everything, model):
    row = first_row(model)
    pages = [address(model, "changelist"), address(model, "add")]
    pages += [address(model, page, row.pk) for page in ("change", "history", "delete")]
    for page in pages:
        assert forbidden(root.get(page)) == []


@pytest.mark.parametrize("page", ["", "queueapp/", "password_change/", "jsi18n/", "nothing/"])
def test_the_other_pages(root, page):
    assert forbidden(root.get(f"/admin/{page}")) == []


def test_the_login_page_and_the_redirects_to_it(clean_database):
    assert forbidden(Client().get("/admin/login/")) == []
    assert forbidden(Client().get("/admin/")) == forbidden(Client().get("/")) == []


def test_static_files_and_the_api_have_it_too(clean_database):
    icon = Client().get("/static/queueapp/icon.svg")
    assert b"".join(icon.streaming_content).startswith(b"<svg")
    icon.close()
    for response in (icon, Client().get("/api/v1/tasks"), Client().get("/health/live")):
        assert response["Content-Security-Policy"].startswith("default-src 'none'; ")
