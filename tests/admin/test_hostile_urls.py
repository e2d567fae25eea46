"""Whatever an address holds, the admin answers it without an error of the server's."""

import re
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls.resolvers import RoutePattern

from tests.admin.pages import TASKS

CONTENT_TYPE = "application/x-www-form-urlencoded"

LISTS = [
    *(f"queueapp/{name}" for name in ("task", "tasklog", "queue", "route", "worker", "tenant", "run")),
    *("queueapp/securityevent", "queueapp/operatoraction", "workloads/fetchedpage", "configapp/configaudit"),
]
QUERIES = [
    "p=0",
    "p=-1",
    "p=999999999999999999999",
    "p=x",
    "p=1.5",
    "p=",
    "p=%00",
    "p=" + "9" * 5000,
    "status=%00",
    "status=%27%20OR%201=1--",
    "type=%00",
    "type=%F0%9F%92%A9",
    "type=" + "x" * 5000,
    "queue=%00x",
    "queue=%ff%fe",
    "tenant=%00",
    "tenant=00000000-0000-0000-0000-000000000000",
    "status=&type=&queue=&tenant=",
    "status=queued&status=leased",
    "q=%00",
    "q=not-a-uuid",
    "q=" + "f" * 5000,
    "q={}",
    "q=urn:uuid:1",
    "o=-999999",
    "o=..-.",
    "o=%00",
    "o=" + "9" * 5000,
    "all=",
    "all=1&p=2",
    "e=1",
    "e=1&p=-1",
    "_facets=1",
    "_popup=1",
    "_to_field=params",
    "_to_field=id",
    "id=not-a-uuid",
    "pk=1",
    "params__regex=(a%2B)%2B$",
    "error_message__icontains=x",
    "tenant__slug=acme",
    "priority__gt=99999999999999999999",
    "created_at__year=99999",
    "at__date=x",
    "task_id=zz",
    "detail__x=%00",
    "nonsense=1",
]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:30])
def test_a_list_survives_any_query(root, make_task, query):
    make_task()
    for name in LISTS:
        answer = root.get(f"/admin/{name}/?{query}")
        assert answer.status_code in (200, 302, 400), name
        if answer.status_code == 302:
            assert root.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize(
    "column", ["params__x=1", "error_message__icontains=x", "priority=5", "id__in=", "tenant__slug=a"]
)
def test_only_the_filters_of_the_page_are_looked_up(root, column):
    assert root.get(f"{TASKS}?{column}").status_code == 400


@pytest.mark.parametrize(
    "row", ["1", "x", "%00", "00000000-0000-0000-0000-000000000000", "_5F", "9" * 500, "..%2f..", "%F0%9F%92%A9"]
)
def test_the_page_of_no_row_survives(root, row):
    for name in LISTS:
        for page in ("change", "history", "delete", "retry"):
            assert root.get(f"/admin/{name}/{row}/{page}/").status_code in (301, 302, 400, 403, 404, 405)


@pytest.mark.parametrize(
    "body",
    [
        {"action": "cancel", "_selected_action": "not-a-uuid"},
        {"action": "cancel", "_selected_action": "\x00"},
        {"action": "cancel", "_selected_action": "00000000-0000-0000-0000-000000000000"},
        {"action": "cancel", "_selected_action": ""},
        {"action": "delete_selected", "_selected_action": "1"},
        {"action": "perform", "_selected_action": "00000000-0000-0000-0000-000000000000"},
        {"action": "cancel", "index": "-7", "_selected_action": "00000000-0000-0000-0000-000000000000"},
        {"action": "cancel", "index": "x", "select_across": "x"},
        {"_save": "1", "form-TOTAL_FORMS": "x"},
        {},
    ],
)
def test_a_list_survives_any_post(root, make_task, body):
    make_task()
    for query in ("", "?p=-1", "?status=%00", "?params__x=1"):
        assert root.post(TASKS + query, body).status_code in (200, 302, 400)


HOSTILE = ["1", "_5F", "\x00", "💩", "9" * 30, "x" * 3000, "00000000-0000-0000-0000-000000000000"]


def routes(patterns=None, before="/admin/"):
    """Every address of the admin, its arguments as `{}`; an expression is one argument."""
    for each in admin.site.get_urls() if patterns is None else patterns:
        route = each.pattern
        place = before + (re.sub(r"<[^>]+>", "{}", str(route)) if isinstance(route, RoutePattern) else "{}")
        if hasattr(each, "url_patterns"):
            yield from routes(each.url_patterns, place)
        else:
            yield place


def test_every_address_answers_whatever_its_arguments(root, one_of_everything):
    """Those that Django brings too, whether they fit our tables or not; in one test, since the rows may stay."""
    for route in sorted({*routes(), "/admin/r/{}/{}/"} - {"/admin/logout/"}):
        for argument in HOSTILE if "{}" in route else [""]:
            address = route.format(*[quote(argument)] * route.count("{}"))
            for method in ("GET", "POST"):
                answer = root.generic(method, address, b"_save=1&action=x&_selected_action=1", CONTENT_TYPE)
                assert answer.status_code < 500, (method, address[:200])
        for method in ("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE"):
            assert root.generic(method, address).status_code < 500, (method, address[:200])


def test_the_addresses_that_read_any_table_are_not_there(root, one_of_everything):
    for kind in ContentType.objects.all():
        assert root.get(f"/admin/r/{kind.pk}/1/").status_code == 404
    query = {"app_label": "queueapp", "model_name": "run", "field_name": "task", "term": "x"}
    assert root.get("/admin/autocomplete/", query).status_code == 404


def test_in_a_site_that_completes_names_ours_are_not_looked_up(root, one_of_everything, rf):
    """As in the project of somebody else, whose site has Django's addresses."""
    for kind in ContentType.objects.filter(app_label__in=("queueapp", "configapp", "workloads")):
        for field in kind.model_class()._meta.get_fields():
            query = {"app_label": kind.app_label, "model_name": kind.model, "field_name": field.name, "term": "x"}
            request = rf.get("/admin/autocomplete/", query)
            request.user = User.objects.get(username="root")
            try:
                answer = admin.site.autocomplete_view(request)
            except (Http404, PermissionDenied):
                continue
            assert (answer.status_code, field.related_model) == (200, User)
