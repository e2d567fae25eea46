"""What goes wrong is told in the frame of the site, with a way back, and under its policy."""

import pytest
from django.test import Client
from django.urls import path

from taskrunner import urls
from tests.admin.pages import TASKS
from tests.admin.test_policy import forbidden
from tests.clusters import ROOT
from tests.markup import Page

NO_TASK = "0198c0de-0000-7000-8000-000000000000"


def broken(request):
    raise RuntimeError("a fault of ours, with a secret in it")


urlpatterns = [path("admin/broken/", broken), *urls.urlpatterns]
handler500 = urls.handler500


def in_frame(answer):
    """The heading of a page that has the frame, the policy and a way back."""
    assert answer["Content-Type"].startswith("text/html")
    assert forbidden(answer) == []
    text = answer.content.decode()
    assert '<div id="site-name"><a href="/admin/">Taskrunner</a></div>' in text
    assert Page(text).links.count("/admin/") >= 3
    assert "Django" not in text
    return text.split("<h1>")[1].split("</h1>")[0]


def test_400(root):
    assert in_frame(root.get(f"{TASKS}?params__x=1")) == "This request cannot be read"
    assert in_frame(Client(headers={"host": "evil.example"}).get("/admin/")) == "This request cannot be read"


def test_403(watcher):
    answer = watcher.get("/admin/auth/group/add/")
    assert (answer.status_code, in_frame(answer)) == (403, "You may not do this")


@pytest.mark.parametrize("address", ["/nothing/", "/admin/nothing/", f"{TASKS}{NO_TASK}/retry/"])
def test_404(root, address):
    answer = root.get(address)
    assert (answer.status_code, in_frame(answer)) == (404, "There is no such page")


def test_404_of_who_is_not_signed_in(clean_database):
    assert in_frame(Client().get("/nothing/")) == "There is no such page"


def test_csrf(root):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = root.cookies
    answer = strict.post("/admin/auth/group/add/?_popup=1", {"name": "x"})
    assert (answer.status_code, in_frame(answer)) == (403, "This form was not accepted")
    assert "/admin/auth/group/add/?_popup=1" in Page(answer.content.decode()).links


def test_csrf_at_an_address_of_two_slashes_stays_on_this_site(clean_database):
    answer = Client(enforce_csrf_checks=True).generic("POST", "//evil.example/admin/login/")
    assert in_frame(answer)
    assert not [link for link in Page(answer.content.decode()).links if link.startswith("//")]


@pytest.mark.urls(__name__)
def test_500(root):
    root.raise_request_exception = False
    answer = root.get("/admin/broken/")
    assert (answer.status_code, in_frame(answer)) == (500, "Something went wrong on our side")
    assert "secret" not in answer.content.decode()


@pytest.mark.parametrize("app", ["queueapp", "configapp", "workloads"])
def test_no_app_brings_error_pages_into_a_project_of_others(app):
    ours = {page.name for page in (ROOT / "templates").glob("[45]*.html")}
    assert len(ours) == 5
    assert not {page.name for page in (ROOT / app).glob("templates/*.html")} & {*ours, "error.html"}
