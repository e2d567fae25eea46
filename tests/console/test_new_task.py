"""Submitting from a form: the type's own errors beside its fields, as a copy, and once however often it is sent."""

import json

import pytest
from django.test import Client

from queueapp.models import Task, Tenant
from queueapp.operators import service
from queueapp.tasks.declared_types import declare
from queueapp.tenancy import operator_scope

SECRET = "hunter2-hunter2"
KEY = "0" * 32


def tasks() -> list[Task]:
    with operator_scope("operator:test"):
        return list(Task.objects.order_by("id"))


def send(client: Client, query: str, scope: str = "acme", **fields: str) -> str:
    answer = client.post(f"/console/{scope}/new/?{query}", {"key": KEY, "o-priority": "5", **fields}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_error_stands_beside_its_field_and_a_corrected_form_is_a_task(acme, member):
    client = member(acme, "operator", sees_payloads=True)
    page = client.get("/console/acme/new/?type=sleep").content.decode()
    assert "seconds" in page.lower() and "It would wait: None of the 0 live workers" in page
    page = send(client, "type=sleep", **{"p-seconds": "-3"})
    assert 'id="id_p-seconds_error"' in page and tasks() == []
    page = send(client, "type=sleep", **{"p-seconds": "2.5", "o-labels": "night, slow", "o-priority": "9"})
    (task,) = tasks()
    assert (task.params, task.labels, task.priority) == ({"seconds": 2.5}, ["night", "slow"], 9)
    assert str(task.pk) in page


def test_the_same_form_sent_twice_is_one_task_and_a_changed_one_another(acme, member):
    client = member(acme, "operator")
    for seconds in ("1", "1", "2"):
        send(client, "type=sleep", **{"p-seconds": seconds})
    assert [task.params["seconds"] for task in tasks()] == [1, 2]


def test_platform_staff_choose_a_tenant_first(root, acme):
    assert "Whose task is it?" in root.get("/console/all/new/?type=echo").content.decode()
    assert root.get("/console/all/new/?tenant=no-such").status_code == 404
    send(root, "tenant=acme&type=echo", scope="all", **{"p-*": '{"greeting": "hello"}', "o-queue": "default"})
    (task,) = tasks()
    assert (task.tenant_id, task.params) == (acme.pk, {"greeting": "hello"})


def test_a_type_that_a_tenant_declared_is_checked_by_its_schema(acme, globex, member):
    schema = {"type": "object", "properties": {"text": {"type": "string", "pattern": "^a+$"}}, "required": ["text"]}
    declare(
        "studio.say", schema, tenant_id=acme.pk, queue="default", timeout_seconds=9, max_retries=0, retry_base_seconds=1
    )
    client = member(acme, "operator")
    assert 'id="id_p-text_error"' in send(client, "type=studio.say", **{"p-text": "b"})
    send(client, "type=studio.say", **{"p-text": "aaa"})
    assert [task.params for task in tasks()] == [{"text": "aaa"}]
    other = member(globex, "operator").get("/console/globex/new/?type=studio.say").content.decode()
    assert "There is no type studio.say" in other


def test_types_that_the_tenant_may_not_use_are_neither_offered_nor_taken(acme: Tenant, member):
    with operator_scope("operator:test"):
        service.set_limits("acme", {"allowed_types": ["echo"]})
    client = member(acme, "operator")
    page = client.get("/console/acme/new/").content.decode()
    assert ">echo<" in page and ">sleep<" not in page
    assert "There is no type sleep" in send(client, "type=sleep", **{"p-seconds": "1"})
    assert tasks() == []


@pytest.mark.parametrize("sees", [True, False])
def test_a_copy_begins_with_what_the_source_had(sees, acme, member, make_task):
    given = {"order": 7, "note": "hello"}
    source = make_task("dead_letter", params=given, labels=["invoice"])
    client = member(acme, "operator", sees_payloads=sees)
    answer = client.get(f"/console/acme/new/?copy={source.pk}")
    if not sees:
        assert answer.status_code == 403
        return
    assert "&quot;order&quot;: 7" in answer.content.decode() and 'value="invoice"' in answer.content.decode()
    send(client, f"copy={source.pk}", **{"p-*": json.dumps({**given, "order": 8}), "o-labels": "invoice"})
    assert tasks()[-1].params == {"order": 8, "note": "hello"}
    assert tasks()[-1].retried_from_id == source.pk


def test_a_copy_gets_the_secrets_of_its_source_which_nobody_is_shown(acme, member, make_task):
    source = make_task("dead_letter", params={"api_token": SECRET, "order": 7})
    client = member(acme, "operator", sees_payloads=True)
    assert SECRET not in client.get(f"/console/acme/new/?copy={source.pk}").content.decode()
    for _ in range(2):
        page = send(client, f"copy={source.pk}", **{"p-*": '{"api_token": "***", "order": 8}'})
    assert [task.params for task in tasks()[1:]] == [{"api_token": SECRET, "order": 8}]
    assert f"/console/acme/tasks/{source.pk}/" in page
    assert "what was made from it" in client.get(f"/console/acme/tasks/{source.pk}/").content.decode()
    assert str(tasks()[1].pk) in client.get(f"/console/acme/tasks/?retried_from={source.pk}").content.decode()


def test_what_was_filled_in_is_shown_as_code_and_not_submitted(acme, member):
    quoted = json.dumps({"name": "O'Neill", "api_token": SECRET})
    page = send(member(acme, "operator"), "type=echo", **{"p-*": quoted, "show": "1", "o-priority": "8"})
    assert "O&#x27;\\&#x27;&#x27;Neill" in page and "priority=8" in page and "from queueapp import submit" in page
    assert SECRET not in page.split("As code")[1] and tasks() == []
