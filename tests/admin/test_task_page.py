"""The page of one task: what it was asked, what became of it, and its log."""

from datetime import timedelta

import pytest
from django.utils import timezone

from queueapp.admin.toolkit.display import ran, waited
from queueapp.db import statements
from queueapp.durations import duration
from queueapp.models import Task
from queueapp.tenancy import worker_scope
from tests.admin.pages import TASKS

SCRIPT = "<script>alert(1)</script>"


def page_of(client, task):
    answer = client.get(f"{TASKS}{task.id}/change/")
    assert answer.status_code == 200
    return answer


def test_params_and_result_are_indented_json(root, make_task):
    task = make_task(status="completed", params={"a": {"b": [1, "é"]}}, result={"ok": True})
    text = page_of(root, task).content.decode()
    assert "{\n  &quot;a&quot;: {\n    &quot;b&quot;: [\n      1,\n      &quot;é&quot;" in text
    assert "{\n  &quot;ok&quot;: true\n}" in text


ADDRESSES = ["{id}/change/", "", "?type={script}", "?queue={script}", "?tenant={script}", "?q={script}"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_html_of_tenants_is_escaped(root, make_task, address):
    harm = {"params": {SCRIPT: SCRIPT}, "result": [SCRIPT], "error_message": SCRIPT, "labels": [SCRIPT]}
    harm |= {"error_detail": {"exception_class": SCRIPT, "traceback": SCRIPT}}
    task = make_task(status="dead_letter", progress={"message": SCRIPT}, **harm)
    answer = root.get(TASKS + address.format(id=task.id, script=SCRIPT))
    assert answer.status_code == 200
    assert SCRIPT not in answer.content.decode()


def test_html_in_a_log_is_escaped(root, make_task):
    task = make_task(status="leased")
    with worker_scope(task.worker_id):
        held = {"task_id": task.id, "attempt": task.attempt, "worker_id": task.worker_id}
        assert statements.rows("append_log", {**held, "level": "warning", "message": SCRIPT, "detail": "{}"})
    for page in (f"{TASKS}{task.id}/change/", "/admin/queueapp/tasklog/"):
        text = root.get(page).content.decode()
        assert SCRIPT not in text
        assert "&lt;script&gt;alert(1)" in text


def test_the_log_tells_the_story_with_the_time_between_its_entries(root, make_task):
    task = make_task(status="dead_letter")
    root.post(f"{TASKS}{task.id}/retry/")
    log = page_of(root, task).context["log"]
    moves = [(entry.from_status, entry.to_status, entry.actor.partition(":")[0]) for entry, _ in log]
    assert moves == [
        (None, "queued", "operator"),
        ("queued", "leased", "worker"),
        ("leased", "dead_letter", "worker"),
        ("dead_letter", "queued", "operator"),
    ]
    assert log[0][1] is None
    assert all(elapsed.endswith("s") for _, elapsed in log[1:])
    text = page_of(root, task).content.decode()
    assert "leased → dead_letter" in text
    assert "It went wrong." in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, None),
        (0.04, "40 ms"),
        (4.24, "4.2 s"),
        (61, "1 m 1 s"),
        (3600, "1 h 0 m"),
        (7500, "2 h 5 m"),
        (86_400 * 2 + 3600 * 5, "2 d 5 h"),
        (-3, "0 ms"),
    ],
)
def test_a_duration_is_told_in_two_units(seconds, text):
    assert duration(seconds) == text


def moments(status, *, run_at, started_at=None, run_seconds=None):
    """A task with these times, in seconds before now, whose handler ran so long."""
    now = timezone.now()
    times = {"run_at": run_at, "started_at": started_at}
    known = {name: now - timedelta(seconds=ago) for name, ago in times.items() if ago is not None}
    return Task(status=status, run_seconds=run_seconds, **known)


@pytest.mark.parametrize(
    ("task", "wait", "run"),
    [
        ({"status": "scheduled", "run_at": -60}, None, None),
        ({"status": "queued", "run_at": 90}, "1 m 30 s", None),
        ({"status": "queued", "run_at": 90, "started_at": 300}, "1 m 30 s", None),
        ({"status": "leased", "run_at": 130, "started_at": 120}, "10.0 s", "2 m 0 s"),
        ({"status": "completed", "run_at": 130, "started_at": 120, "run_seconds": 0.2}, "10.0 s", "200 ms"),
        ({"status": "dead_letter", "run_at": 130, "started_at": 120, "run_seconds": 20}, "10.0 s", "20.0 s"),
        ({"status": "failed", "run_at": -30, "started_at": 120}, None, None),
        ({"status": "cancelled", "run_at": -30}, None, None),
    ],
)
def test_waiting_and_running_are_told_apart(task, wait, run):
    assert (waited(moments(**task)), ran(moments(**task))) == (wait, run)


def test_a_failure_shows_its_class_its_traceback_and_how_long_it_ran(root, make_task):
    text = page_of(root, make_task(status="dead_letter")).content.decode()
    assert "shop.errors.Broken" in text
    assert (
        text.count("line 7, in work\nBroken: It went wrong.</pre>") == 2
    )  # of the task, and of that attempt in its log
    assert ">0.250 s</td>" in text


def test_a_page_of_no_task_leads_to_the_front_page(root, clean_database):
    for nothing in ("0198c0de-0000-7000-8000-000000000000", "zzz"):
        answer = root.get(f"{TASKS}{nothing}/change/")
        assert (answer.status_code, answer["Location"]) == (302, "/admin/")
