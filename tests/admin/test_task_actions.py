"""What staff do to tasks, on the list and on a task's page: done, reported, noted down, refused."""

import pytest
from django.test import Client
from django.urls import reverse

from queueapp.models import OperatorAction, TaskLog
from queueapp.tenancy import operator_scope
from tests.admin.pages import TASKS, run_action, said
from tests.factories import fresh


def actions_noted():
    with operator_scope("operator:test"):
        return [(one.actor, one.action, one.target, one.detail) for one in OperatorAction.objects.order_by("id")]


def button(task, verb):
    return reverse(f"admin:queueapp_task_{verb}", args=[task.id])


def buttons_of(page):
    return [verb for verb in ("retry", "cancel") if f'/{verb}/"' in page.content.decode()]


def actions_offered(page):
    form = page.context["action_form"]
    return [name for name, _ in form.fields["action"].choices if name] if form else []


@pytest.mark.parametrize(
    ("action", "before", "after", "message"),
    [
        ("retry", "dead_letter", "queued", "1 task queued again."),
        ("retry", "failed", "queued", "1 task queued again."),
        ("retry", "cancelled", "queued", "1 task queued again."),
        ("retry", "completed", "completed", "1 refused: it is completed."),
        ("retry", "leased", "leased", "1 refused: it is leased."),
        ("cancel", "queued", "cancelled", "1 task cancelled or told to stop."),
        ("cancel", "scheduled", "cancelled", "1 task cancelled or told to stop."),
        ("cancel", "leased", "leased", "1 task cancelled or told to stop."),
        ("cancel", "dead_letter", "dead_letter", "1 refused: it is dead_letter."),
        ("redrive", "dead_letter", "queued", "1 task queued again."),
        ("redrive", "failed", "failed", "1 refused: it is failed."),
    ],
)
def test_an_action_does_what_the_state_allows(root, make_task, action, before, after, message):
    task = make_task(status=before)
    answer = run_action(root, action, [task])
    assert (answer.status_code, answer["Location"]) == (302, TASKS)
    assert said(answer) == [message]
    assert fresh(task).status == after


def test_cancelling_a_running_task_asks_its_worker(root, make_task):
    task = make_task(status="leased")
    run_action(root, "cancel", [task])
    assert fresh(task).cancel_requested_at is not None


def test_refusals_are_grouped_by_their_reason(root, make_task):
    tasks = [make_task(status=status) for status in ("completed", "completed", "completed", "queued", "failed")]
    answer = run_action(root, "retry", tasks)
    assert said(answer) == ["1 task queued again.", "3 refused: it is completed.", "1 refused: it is queued."]


def test_a_task_that_is_gone_is_said_to_be(root, make_task):
    task = make_task()
    with operator_scope("operator:test"):
        type(task).objects.filter(id=task.id).delete()
    assert said(run_action(root, "cancel", [task])) == ["There is no such task any more."]
    assert actions_noted() == []


def test_an_action_is_noted_with_who_did_it_and_what_came_of_it(root, make_task):
    dead, done = make_task(status="dead_letter"), make_task(status="completed")
    run_action(root, "retry", [dead, done])
    detail = {"done": [str(dead.id)], "refused": {"it is completed": 1}}
    assert actions_noted() == [("operator:root", "task.retry", "2 tasks", detail)]
    with operator_scope("operator:test"):
        assert TaskLog.objects.get(task_id=dead.id, from_status="dead_letter").actor == "operator:root"


def test_an_action_on_ticked_rows_leaves_the_rest_alone(root, make_task):
    ticked, other = make_task(), make_task()
    run_action(root, "cancel", [ticked])
    assert (fresh(ticked).status, fresh(other).status) == ("cancelled", "queued")


@pytest.mark.parametrize(
    ("query", "offered"),
    [
        ("", ["retry", "cancel", "redrive"]),
        ("?status=dead_letter", ["retry", "redrive"]),
        ("?status=queued", ["cancel"]),
        ("?status=leased", ["cancel"]),
        ("?status=failed", ["retry", "cancel"]),
        ("?status=completed", []),
    ],
)
def test_only_what_the_shown_state_allows_is_offered(root, make_task, query, offered):
    make_task(status=query.partition("=")[2] or "queued")
    assert actions_offered(root.get(TASKS + query)) == offered


def test_an_action_that_is_not_offered_does_nothing(root, make_task):
    task = make_task(status="completed")
    answer = run_action(root, "retry", [task], address=f"{TASKS}?status=completed")
    assert answer.status_code == 200
    assert actions_noted() == []


@pytest.mark.parametrize(
    ("status", "buttons"),
    [
        ("scheduled", ["cancel"]),
        ("blocked", ["cancel"]),
        ("queued", ["cancel"]),
        ("leased", ["cancel"]),
        ("failed", ["retry", "cancel"]),
        ("completed", []),
        ("dead_letter", ["retry"]),
        ("cancelled", ["retry"]),
    ],
)
def test_a_task_has_the_buttons_that_its_state_allows(root, make_task, status, buttons):
    task = make_task(status=status)
    assert buttons_of(root.get(f"{TASKS}{task.id}/change/")) == buttons


def test_a_button_works_and_leads_back_to_the_task(root, make_task):
    task = make_task(status="dead_letter")
    answer = root.post(button(task, "retry"))
    assert (answer.status_code, answer["Location"]) == (302, f"{TASKS}{task.id}/change/")
    assert said(answer) == ["1 task queued again."]
    assert fresh(task).status == "queued"
    detail = {"done": [str(task.id)], "refused": {}}
    assert actions_noted() == [("operator:root", "task.retry", str(task.id), detail)]


def test_a_button_pressed_too_late_is_refused_with_the_reason(root, make_task):
    task = make_task(status="completed")
    assert said(root.post(button(task, "cancel"))) == ["1 refused: it is completed."]


def test_the_address_of_a_button_leads_to_the_task_and_changes_nothing(root, make_task):
    task = make_task()
    answer = root.get(button(task, "cancel"))
    assert (answer.status_code, answer["Location"]) == (302, f"{TASKS}{task.id}/change/")
    assert said(answer) == ["Nothing was done yet: press Cancel once more."]
    assert fresh(task).status == "queued"


def test_a_button_is_a_post_with_a_token(root, make_task):
    task = make_task()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = root.cookies
    assert strict.post(button(task, "cancel")).status_code == 403
    assert fresh(task).status == "queued"


def test_a_button_of_no_task_is_not_found(root, clean_database):
    assert root.post(f"{TASKS}0198c0de-0000-7000-8000-000000000000/cancel/").status_code == 404


def test_who_may_only_look_sees_no_actions_and_no_buttons(watcher, make_task):
    task = make_task()
    assert actions_offered(watcher.get(TASKS)) == []
    assert buttons_of(watcher.get(f"{TASKS}{task.id}/change/")) == []


def test_a_forged_post_of_who_may_only_look_is_refused(watcher, make_task):
    task = make_task()
    assert run_action(watcher, "cancel", [task]).status_code == 403
    assert run_action(watcher, "cancel", [task], everywhere=True).status_code == 403
    assert watcher.post(button(task, "cancel")).status_code == 403
    assert fresh(task).status == "queued"
    assert actions_noted() == []


def test_who_may_change_tasks_may_operate_them_and_edit_nothing(task_operator, make_task):
    task = make_task()
    assert task_operator.post(f"{TASKS}{task.id}/change/", {"status": "completed"}).status_code == 403
    assert said(run_action(task_operator, "cancel", [task])) == ["1 task cancelled or told to stop."]
    assert actions_noted()[0][0] == "operator:olivia"
    assert task_operator.get("/admin/queueapp/queue/").status_code == 403
