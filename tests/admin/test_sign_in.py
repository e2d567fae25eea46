"""Signing in: throttled by name and by address, refusals on record, and back to a page that works."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from queueapp.console.throttled_form import FAILURES_OF_ADDRESS, FAILURES_OF_NAME
from queueapp.limits import rate_limiter
from queueapp.models import SecurityEvent, Task
from queueapp.redis.connections import redis_client
from queueapp.tenancy import operator_scope
from tests.admin.conftest import signed_in
from tests.admin.pages import TASKS
from tests.factories import fresh

LOGIN = "/admin/login/"
PASSWORD = "correct horse battery"
HIDDEN_FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


@pytest.fixture
def anna(clean_database):
    return User.objects.create_superuser("anna", password=PASSWORD)


@pytest.fixture(autouse=True)
def cheap_passwords(clean_database, settings):
    """Hundreds are tried here, and how long a hash takes is Django's own matter."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def sign_in(name="anna", password=PASSWORD, *, address="192.0.2.1", client=None, next_page="/admin/"):
    client = client or Client()
    return client.post(LOGIN, {"username": name, "password": password, "next": next_page}, REMOTE_ADDR=address)


def events():
    with operator_scope("operator:test"):
        return [(one.event, one.actor, one.detail) for one in SecurityEvent.objects.order_by("id")]


def test_a_failure_is_on_record_with_the_address_and_the_user(anna):
    assert sign_in(password="wrong").status_code == 200
    detail = {"address": "192.0.2.1", "user": None, "method": "POST", "path": LOGIN, "tried": "anna"}
    assert events() == [("failed_authentication", "unknown:192.0.2.1", detail)]


def test_what_is_no_users_name_is_not_kept(anna):
    """It may be a password."""
    sign_in(name=PASSWORD, password="anna")
    assert events()[0][2]["tried"] is None
    assert PASSWORD not in str(events())
    assert not [key for key in redis_client().scan_iter() if PASSWORD.encode() in key]


def test_who_is_no_staff_fails_and_is_on_record(anna):
    User.objects.create_user("clara", password=PASSWORD)
    assert sign_in("clara").status_code == 200
    assert [(event, detail["tried"]) for event, _, detail in events()] == [("failed_authentication", "clara")]


def test_a_name_that_failed_too_often_waits_whatever_the_address_and_the_password(anna):
    for number in range(FAILURES_OF_NAME):
        assert sign_in(password="wrong", address=f"192.0.2.{number}").status_code == 200
    refused = sign_in(address="198.51.100.1")
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 300
    assert "Too many attempts have failed" in refused.content.decode()
    assert "_auth_user_id" not in refused.client.session
    assert events()[-1][:2] == ("rate_limit_exceeded", "unknown:198.51.100.1")
    User.objects.create_superuser("berta", password=PASSWORD)
    assert sign_in("berta", address="198.51.100.1").status_code == 302


def test_an_address_that_failed_too_often_waits_whatever_the_name(anna):
    for number in range(FAILURES_OF_ADDRESS):
        assert sign_in(f"user{number}", "wrong").status_code == 200
    assert sign_in().status_code == 429
    assert sign_in(address="192.0.2.2").status_code == 302


def test_failures_of_an_address_are_listed_up_to_a_number_and_then_summarised(anna):
    for number in range(FAILURES_OF_ADDRESS):
        sign_in(f"user{number}", "wrong")
    names = [event for event, _, _ in events()]
    assert names.count("failed_authentication") == 60
    assert names.count("failed_authentication_summary") == 2  # the first that is not listed, and the tenth


def test_who_signs_in_uses_nothing_up(anna):
    for _ in range(2 * FAILURES_OF_NAME):
        assert sign_in().status_code == 302
    assert events() == []


def test_many_at_once_gain_nothing(anna):
    def attempt(_):
        try:
            return sign_in(password="wrong").status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(attempt, range(3 * FAILURES_OF_NAME)))
    assert statuses.count(200) == FAILURES_OF_NAME
    assert statuses.count(429) == 2 * FAILURES_OF_NAME


def test_without_redis_this_process_counts_by_itself(anna, configure):
    configure(REDIS_URL="redis://127.0.0.1:1/0")
    for _ in range(FAILURES_OF_NAME):
        assert sign_in(password="wrong").status_code == 200
    assert sign_in().status_code == 429
    rate_limiter.forget()
    assert sign_in().status_code == 302


def test_any_name_and_password_are_answered(anna):
    for name in ("", "%00", "an%00na", "x" * 100_000, "%ED%A0%80", "%FF", "anna%0A", "%F0%9F%92%A9"):
        for password in ("", "%00", "x" * 100_000, "%FF"):
            body = f"username={name}&password={password}"
            answer = Client().post(LOGIN, body, content_type="application/x-www-form-urlencoded")
            assert answer.status_code == 200, (name[:20], password[:20])


@pytest.mark.parametrize(
    "place", ["//evil.example/", "https://evil.example/", "javascript:alert(1)", "\x00", "x" * 5000]
)
def test_the_next_page_is_one_of_this_site(anna, place):
    answer = sign_in(next_page=place)
    assert answer.status_code == 302
    assert "evil" not in answer["Location"]
    assert not answer["Location"].startswith("javascript")


class Browser(Client):
    """Sends forms as a browser does: with the hidden fields of the page that is open."""

    def __init__(self):
        super().__init__(enforce_csrf_checks=True)
        self.page = None

    def open(self, address):
        self.page = self.get(address, follow=True)
        return self.page

    def send(self, address, **fields):
        hidden = dict(HIDDEN_FIELD.findall(self.page.content.decode()))
        self.page = self.post(address, {**hidden, **fields}, follow=True)
        return self.page

    @property
    def place(self):
        return self.page.request["PATH_INFO"]


def test_after_the_session_has_ended_a_button_leads_to_the_login_and_back_to_the_task(anna, make_task):
    task, browser = make_task(status="dead_letter"), Browser()
    page, button = f"{TASKS}{task.id}/change/", f"{TASKS}{task.id}/retry/"
    browser.open(page)
    browser.send(LOGIN, username="anna", password=PASSWORD)
    assert browser.place == page
    browser.session.flush()
    assert browser.send(button).status_code == 200
    assert (browser.place, fresh(task).status) == (LOGIN, "dead_letter")
    assert browser.send(LOGIN, username="anna", password="wrong").status_code == 200
    assert browser.send(LOGIN, username="anna", password=PASSWORD).status_code == 200
    assert (browser.place, fresh(task).status) == (page, "dead_letter")
    assert "Nothing was done yet: press Retry once more." in browser.page.content.decode()
    browser.send(button)
    assert (browser.place, fresh(task).status) == (page, "queued")


def test_after_the_session_has_ended_a_verb_for_all_is_previewed_once_more(anna, make_task):
    task, browser = make_task(status="dead_letter"), Browser()
    page = f"{TASKS}bulk/retry/"
    browser.open(f"{page}?status=dead_letter")
    browser.send(LOGIN, username="anna", password=PASSWORD)
    browser.session.flush()
    browser.send(f"{page}?status=dead_letter")
    browser.send(LOGIN, username="anna", password=PASSWORD)
    assert (browser.place, browser.page.context["total"]) == (page, "1")
    browser.send(f"{page}?status=dead_letter", reason="the provider is back")
    with operator_scope("operator:test"):
        assert Task.objects.filter(type="platform.bulk").count() == 1
    assert fresh(task).status == "dead_letter"


def test_log_out_that_is_got_leads_to_the_index(root):
    page = root.get("/admin/logout/", follow=True)
    assert page.redirect_chain == [("/admin/", 302)]
    assert "You are still signed in" in page.content.decode()
    assert root.post("/admin/logout/").status_code == 200
    assert root.get("/admin/")["Location"].startswith(LOGIN)


def test_a_refused_permission_is_on_record(watcher, make_task):
    path = f"{TASKS}{make_task().id}/cancel/"
    assert watcher.post(path).status_code == 403
    detail = {"address": "127.0.0.1", "user": "watcher", "method": "POST", "path": path}
    assert events() == [("forbidden", "operator:watcher", detail)]


def test_who_is_signed_in_and_no_staff_is_on_record(acme_viewer):
    client = signed_in(acme_viewer)
    assert client.get(TASKS, follow=True).status_code == 200
    ((event, actor, detail),) = events()
    assert (event, actor) == ("forbidden", "unknown:127.0.0.1")
    assert (detail["user"], detail["asked_for"]) == ("acme_viewer", TASKS)


def test_a_form_without_its_token_is_on_record(root):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = root.cookies
    assert strict.post("/admin/auth/group/add/", {"name": "x"}).status_code == 403
    assert strict.post(LOGIN, {"username": "root", "password": "x"}).status_code == 403
    assert Client(enforce_csrf_checks=True).post(LOGIN, {"username": "root"}).status_code == 403
    assert [(event, actor) for event, actor, _ in events()] == [
        ("csrf_failed", "operator:root"),
        ("csrf_failed", "operator:root"),
        ("csrf_failed", "unknown:127.0.0.1"),
    ]


def test_a_refusal_is_on_record_whatever_its_address_holds(acme_viewer, watcher):
    signed_in(acme_viewer).get(f"{LOGIN}?next=/admin/%00")
    assert watcher.get("/admin/auth/group/%00/delete/").status_code == 403
    assert [detail.get("asked_for", detail["path"]) for _, _, detail in events()] == [
        "/admin/\\0",
        "/admin/auth/group/\\0/delete/",
    ]
