"""Queues and routes: looked at, paused, given a strategy, added; all of it through operations, all of it noted."""

import pytest

from queueapp import maintenance
from queueapp.models import OperatorAction, Queue, Route
from queueapp.tenancy import operator_scope
from tests.admin.pages import run_action, said, shown
from tests.commands.calling import create_worker

QUEUES = "/admin/queueapp/queue/"
ROUTES = "/admin/queueapp/route/"


def queue(name="default"):
    with operator_scope("operator:test"):
        return Queue.objects.get(name=name)


def route(pattern):
    with operator_scope("operator:test"):
        return Route.objects.get(pattern=pattern)


def noted():
    with operator_scope("operator:test"):
        return [(one.actor, one.action, one.target, one.detail) for one in OperatorAction.objects.order_by("id")]


def errors_of(answer):
    return [error for errors in answer.context["adminform"].form.errors.values() for error in errors]


def glance_of(root, name="default"):
    answer = root.get(QUEUES)
    return next(row.glance for row in shown(answer) if row.name == name), answer.content.decode()


def test_queues_are_paused_and_resumed(root, clean_database):
    assert said(run_action(root, "pause", [queue()], address=QUEUES)) == ["Paused: default."]
    assert queue().paused_at is not None
    assert said(run_action(root, "resume", [queue()], address=QUEUES))[-1] == "Resumed: default."
    assert queue().paused_at is None
    assert noted() == [
        ("operator:root", "queue.pause", "default", {}),
        ("operator:root", "queue.resume", "default", {}),
    ]


def test_a_pause_takes_a_reason_and_an_end(root, clean_database):
    pause = {"action": "pause", "_selected_action": [str(queue().pk)], "reason": "<b>encoder</b>"}
    answer = root.post(QUEUES, {**pause, "until": "noon"})
    assert said(answer)[0].startswith("Nothing is paused. until: must be a time")
    assert queue().paused_at is None
    root.post(QUEUES, {**pause, "until": "2035-01-31T12:00:00Z"})
    text = root.get(QUEUES).content.decode()
    assert "by operator:root: &lt;b&gt;encoder&lt;/b&gt;. The pause ends at 2035-01-31 12:00:00 UTC." in text
    assert "<b>encoder" not in text


def test_a_pause_that_a_worker_has_not_confirmed_says_so(root, clean_database, monkeypatch):
    monkeypatch.setattr("queueapp.operators.pauses.CONFIRM_SECONDS", 0.0)
    create_worker()
    assert said(run_action(root, "pause", [queue()], address=QUEUES)) == [
        "Paused: default.",
        "1 workers have not confirmed the pause of default yet and may still start a task.",
    ]


def test_who_may_only_look_cannot_pause(watcher, clean_database):
    assert run_action(watcher, "pause", [queue()], address=QUEUES).status_code == 403
    assert watcher.get(QUEUES).context["action_form"] is None
    assert queue().paused_at is None


def test_a_queue_shows_its_backlog_its_oldest_wait_and_who_serves_it(root, make_task, make_worker):
    make_worker(queues=["default"])
    make_task()
    make_task(status="leased")
    maintenance.run_once()
    glance, text = glance_of(root)
    assert (glance.counts["queued"], glance.counts["leased"], glance.live_workers) == (1, 1, 1)
    assert '<a href="/admin/queueapp/task/?queue=default&amp;status=queued">1</a>' in text
    assert "nobody works" not in text
    assert glance.oldest_wait_seconds is not None


def test_a_queue_with_a_backlog_and_no_worker_says_so_unless_it_is_paused(root, make_task):
    make_task()
    maintenance.run_once()
    assert "0: tasks wait and nobody works" in glance_of(root)[1]
    run_action(root, "pause", [queue()], address=QUEUES)
    assert "nobody works" not in glance_of(root)[1]


def test_the_strategy_is_changed_and_noted(root, clean_database):
    answer = root.post(f"{QUEUES}{queue().pk}/change/", {"strategy": "fair", "name": "renamed"})
    assert answer.status_code == 302
    assert queue().strategy == "fair"
    assert noted() == [("operator:root", "queue.strategy", "default", {"strategy": "fair"})]


def test_saving_an_unchanged_queue_notes_nothing(root, clean_database):
    assert root.post(f"{QUEUES}{queue().pk}/change/", {"strategy": queue().strategy}).status_code == 302
    assert noted() == []


def test_an_unknown_strategy_is_refused(root, clean_database):
    answer = root.post(f"{QUEUES}{queue().pk}/change/", {"strategy": "whim"})
    assert answer.status_code == 200
    assert "whim is not one of the available choices" in errors_of(answer)[0]


def test_a_queue_is_added(root, clean_database):
    answer = root.post(f"{QUEUES}add/", {"name": "reports.daily", "strategy": "lifo"})
    assert answer.status_code == 302
    assert queue("reports.daily").strategy == "lifo"
    assert [action for _, action, _, _ in noted()] == ["queue.add", "queue.strategy"]
    page = root.get(f"{QUEUES}{queue('reports.daily').pk}/change/")
    assert page.status_code == 200


@pytest.mark.parametrize("name", ["Upper", "-dash", "white space", "", "x" * 65, "default", "a\x00b", "é"])
def test_a_name_that_is_none_or_taken_is_refused(root, clean_database, name):
    answer = root.post(f"{QUEUES}add/", {"name": name, "strategy": "fifo"})
    assert answer.status_code == 200
    assert errors_of(answer)
    assert noted() == []


def test_routes_are_added_changed_and_deleted(root, clean_database):
    assert root.post(f"{ROUTES}add/", {"pattern": "reports.*", "queue": "default"}).status_code == 302
    with operator_scope("operator:test"):
        Queue.objects.create(name="slow")
    address = f"{ROUTES}{route('reports.*').pk}/"
    assert root.post(f"{address}change/", {"pattern": "reports.*", "queue": "slow"}).status_code == 302
    assert route("reports.*").queue_id == "slow"
    assert root.post(f"{address}delete/", {"post": "yes"}).status_code == 302
    assert noted() == [
        ("operator:root", "route.add", "reports.*", {"queue": "default"}),
        ("operator:root", "route.change", "reports.*", {"queue": "slow"}),
        ("operator:root", "route.delete", "reports.*", {"queue": "slow"}),
    ]


@pytest.mark.parametrize("pattern", ["*", "a", "a.b-c", "a.*", "IdeaInspiration.Sources.*"])
def test_a_route_takes_a_type_and_a_pattern(root, clean_database, pattern):
    assert root.post(f"{ROUTES}add/", {"pattern": pattern, "queue": "default"}).status_code == 302
    assert route(pattern).queue_id == "default"


@pytest.mark.parametrize("pattern", ["", "**", "a.*.b", "*.a", ".*", "a..b", "a b", "x" * 201])
def test_a_route_refuses_what_matches_no_type(root, clean_database, pattern):
    answer = root.post(f"{ROUTES}add/", {"pattern": pattern, "queue": "default"})
    assert answer.status_code == 200
    assert errors_of(answer)
