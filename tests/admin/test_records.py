"""The records: read, searched by task, never written."""

import pytest

from queueapp.models import SecurityEvent
from queueapp.tenancy import operator_scope
from tests.admin.pages import shown

LOGS = "/admin/queueapp/tasklog/"


def test_a_task_s_log_is_found_by_its_id(root, make_task):
    make_task()
    task = make_task(status="completed")
    found = shown(root.get(f"{LOGS}?q={task.id}"))
    assert [entry.to_status for entry in found] == ["completed", "leased", "queued"]
    assert {entry.task_id for entry in found} == {task.id}
    assert shown(root.get(f"{LOGS}?q=echo")) == []


def test_a_record_shows_its_detail_escaped(root, clean_database):
    with operator_scope("operator:test"):
        event = SecurityEvent.objects.create(actor="client:x", event="not_visible", detail={"path": "<b>"})
    text = root.get(f"/admin/queueapp/securityevent/{event.pk}/change/").content.decode()
    assert "{\n  &quot;path&quot;: &quot;&lt;b&gt;&quot;\n}" in text


@pytest.mark.parametrize("name", ["tasklog", "securityevent", "operatoraction"])
def test_even_a_superuser_writes_no_record(root, one_of_everything, name):
    row = shown(root.get(f"/admin/queueapp/{name}/"))[0]
    for page in ("", "add/", f"{row.pk}/change/", f"{row.pk}/delete/"):
        assert root.post(f"/admin/queueapp/{name}/{page}", {"actor": "x", "post": "yes"}).status_code == 403
