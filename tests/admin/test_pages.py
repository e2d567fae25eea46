"""Every page of the admin answers, in an operator's scope, for those who may see it."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from queueapp.tenancy import operator_scope
from tests.admin.conftest import signed_in

REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
OURS = [model for model in REGISTERED if model._meta.app_label == "queueapp"]


def address(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def first_row(model):
    with operator_scope("operator:test"):
        return model.objects.order_by("pk").first()


def test_what_we_show_is_registered():
    names = {model._meta.model_name for model in OURS}
    assert names == {
        "task", "tasklog", "queue", "route", "run", "worker", "tenant", "securityevent", "operatoraction",
        "schedule",
    }  # fmt: skip


def test_nothing_of_django_q_is_registered():
    assert not [model for model in apps.get_app_config("django_q").get_models() if admin.site.is_registered(model)]


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_the_list_and_the_page_of_one_answer(root, one_of_everything, model):
    assert root.get(address(model, "changelist")).status_code == 200
    assert root.get(address(model, "change", first_row(model).pk)).status_code == 200
    assert root.get(address(model, "history", first_row(model).pk)).status_code == 200


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_the_list_and_the_page_of_one_answer_who_may_only_look(watcher, one_of_everything, model):
    assert watcher.get(address(model, "changelist")).status_code == 200
    page = watcher.get(address(model, "change", first_row(model).pk))
    assert page.status_code == 200
    assert b'name="_save"' not in page.content


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_adding_answers_where_it_is_allowed(root, clean_database, model):
    addable = {"auth.Group", "auth.User", "configapp.ConfigKey"} | {
        *("queueapp.Queue", "queueapp.Route", "queueapp.Schedule", "queueapp.Tenant"),
    }
    assert root.get(address(model, "add")).status_code == (200 if model._meta.label in addable else 403)


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_only_routes_and_schedules_can_be_deleted(root, one_of_everything, model):
    row = first_row(model)
    answer = root.post(address(model, "delete", row.pk), {"post": "yes"})
    deletable = model._meta.model_name in ("route", "schedule")
    assert answer.status_code == (302 if deletable else 403)
    with operator_scope("operator:test"):
        assert model.objects.filter(pk=row.pk).exists() == (not deletable)


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_who_may_only_look_cannot_post(watcher, one_of_everything, model):
    row = first_row(model)
    assert watcher.post(address(model, "changelist"), {"action": "delete_selected"}).status_code == 403
    assert watcher.post(address(model, "change", row.pk), {"name": "x"}).status_code == 403
    assert watcher.post(address(model, "add"), {"name": "x"}).status_code == 403
    assert watcher.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("page", ["", "queueapp/", "password_change/", "jsi18n/"])
def test_the_pages_about_no_table_answer(root, page):
    assert root.get(f"/admin/{page}").status_code == 200


def test_the_login_page_works_outside_any_scope(clean_database):
    User.objects.create_superuser("anna", password="correct horse")
    client = Client()
    assert client.get("/admin/login/").status_code == 200
    answer = client.post("/admin/login/?next=/admin/", {"username": "anna", "password": "correct horse"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert client.get("/admin/queueapp/task/").status_code == 200


def test_a_login_that_is_to_lead_elsewhere_leads_to_the_console(clean_database):
    User.objects.create_superuser("anna", password="correct horse")
    answer = Client().post(
        "/admin/login/?next=//evil.example/",
        {"username": "anna", "password": "correct horse", "next": "//evil.example/"},
    )
    assert (answer.status_code, answer["Location"]) == (302, "/console/")


def test_people_who_are_not_staff_are_sent_to_the_login_page(acme_viewer):
    for client in (Client(), signed_in(acme_viewer)):
        answer = client.get("/admin/queueapp/task/")
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/admin/login/")
