"""The page of one task, what is done on it, and its artifacts."""

import pytest

from queueapp.models import Membership, OperatorAction, Tenant
from queueapp.states import Status
from queueapp.tenancy import operator_scope
from tests.factories import create_artifact, fresh

SECRET = "hunter2-hunter2"


def page_of(client, task, scope="all") -> str:
    answer = client.get(f"/console/{scope}/tasks/{task.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def acts() -> list[OperatorAction]:
    with operator_scope("operator:test"):
        return list(OperatorAction.objects.order_by("id"))


def test_a_failure_is_told_with_its_traceback_and_what_was_given(root, make_task):
    task = make_task("dead_letter", params={"order": 7, "api_token": SECRET})
    page = page_of(root, task)
    assert "It went wrong." in page and "handler_error" in page and "shop.errors.Broken" in page
    assert "/srv/shop/handlers.py" in page  # its own frame
    assert "&quot;order&quot;: 7" in page and SECRET not in page
    assert "data-live" not in page  # it has ended


def test_why_it_waits_is_said_in_words_also_to_its_tenant(acme, make_task, root, member):
    task = make_task("queued")
    for page in (page_of(root, task), page_of(member(acme), task, "acme")):
        assert "None of the 0 live workers serves its queue" in page
        assert 'id="task" data-live' in page


def test_a_tenant_s_people_see_no_code_of_the_operator_and_no_payload_without_the_right(acme, make_task, member):
    task = make_task("dead_letter", params={"order": 7})
    page = page_of(member(acme), task, "acme")
    assert "It went wrong." in page and "/srv/shop/handlers.py" not in page
    assert "order" not in page.split("<main")[1]
    assert "&quot;order&quot;: 7" in page_of(member(acme, "operator", sees_payloads=True), task, "acme")


def test_another_tenant_s_task_is_not_there(acme, globex, make_task, member):
    task = make_task("dead_letter", tenant=globex)
    client = member(acme, "operator", sees_payloads=True)
    assert client.get(f"/console/acme/tasks/{task.pk}/").status_code == 404
    assert client.post(f"/console/acme/tasks/{task.pk}/retry/").status_code == 404
    assert client.get(f"/console/acme/artifacts/{create_artifact(task)}/file/").status_code == 404
    assert fresh(task).status == Status.DEAD_LETTER


def test_a_retry_asks_nothing_and_is_on_record(acme, make_task, member):
    task = make_task("dead_letter")
    answer = member(acme, "operator").post(f"/console/acme/tasks/{task.pk}/retry/", follow=True)
    assert "1 task queued again." in answer.content.decode()
    assert fresh(task).status == Status.QUEUED
    (record,) = acts()
    assert (record.action, record.target, record.actor) == ("task.retry", str(task.pk), "client:operator-of-acme")
    assert record.tenant_id == acme.pk


def test_cancelling_a_running_task_needs_a_reason(root, make_task):
    task = make_task("leased")
    address = f"/console/all/tasks/{task.pk}/cancel/"
    assert "Its worker is asked to stop" in root.get(address).content.decode()
    assert "This field is required." in root.post(address).content.decode()
    assert fresh(task).cancel_requested_at is None
    root.post(address, {"reason": "wrong file"})
    assert fresh(task).cancel_requested_at is not None
    assert acts()[-1].detail["reason"] == "wrong file"


def test_an_act_that_its_state_forbids_is_not_offered(root, make_task):
    task = make_task("completed")
    page = root.get(f"/console/all/tasks/{task.pk}/retry/", follow=True).content.decode()
    assert "nothing to retry" in page and "/retry/" not in page
    answer = root.post(f"/console/all/tasks/{task.pk}/retry/", follow=True)
    assert "1 refused: it is completed." in answer.content.decode()


@pytest.mark.parametrize("sees", [True, False])
def test_an_artifact_is_looked_at_and_downloaded_by_those_who_see_payloads(sees, acme: Tenant, make_task, member):
    artifact = create_artifact(make_task("completed"))
    client = member(acme, Membership.Role.VIEWER, sees_payloads=sees)
    page, file = (client.get(f"/console/acme/artifacts/{artifact}/{end}") for end in ("", "file/"))
    if not sees:
        assert (page.status_code, file.status_code) == (403, 403)
        return
    assert "something to download" in page.content.decode()
    assert b"".join(file.streaming_content) == b"something to download"
    assert file.headers["Content-Disposition"].startswith("attachment")
