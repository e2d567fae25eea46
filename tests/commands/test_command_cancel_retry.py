"""`cancel` and `retry`: an answer for every id."""

import json

from queueapp.models.base import new_id
from queueapp.states import RETRYABLE, Status
from tests.commands.calling import ACTOR, actions, refused, run, run_json
from tests.factories import fresh
from tests.platform_worker import run_platform_tasks

S = Status


def test_cancel_says_what_it_did_to_each(make_task):
    waiting, running, gone = make_task("queued"), make_task("leased"), make_task("cancelled")
    assert run("cancel", waiting.id, running.id, gone.id, waiting.id).splitlines() == [
        f"{waiting.id} is cancelled (was queued)",
        f"{running.id} is running: its worker is asked to stop",
        f"{gone.id} is cancelled already",
    ]
    assert fresh(waiting).status == S.CANCELLED
    assert fresh(running).cancel_requested_at is not None
    assert actions() == [(ACTOR, "task.cancel", str(task.id)) for task in (waiting, running, gone)]


def test_cancel_refuses_what_has_ended_and_still_does_the_others(make_task):
    waiting, completed, missing = make_task("queued"), make_task("completed"), new_id()
    printed, words = refused("cancel", completed.id, missing, waiting.id)
    assert printed.splitlines() == [
        f"{completed.id} refused: it is completed",
        f"{missing} refused: no such task",
        f"{waiting.id} is cancelled (was queued)",
    ]
    assert words == "2 of 3 refused."
    assert fresh(waiting).status == S.CANCELLED
    assert [target for _, _, target in actions()] == [str(waiting.id)]


def test_retry_queues_again_what_may_be_retried(make_task):
    tasks = {status: make_task(status) for status in Status}
    printed, words = refused("retry", *[task.id for task in tasks.values()])
    for status, task in tasks.items():
        if status in RETRYABLE:
            assert f"{task.id} is queued (was {status})" in printed
            assert fresh(task).status == S.QUEUED
        else:
            assert f"{task.id} refused: it is {status}" in printed
            assert fresh(task).status == status
    assert words == "5 of 8 refused."
    assert actions() == [(ACTOR, "task.retry", str(task.id)) for status, task in tasks.items() if status in RETRYABLE]


def test_documents_say_the_same(make_task):
    dead, queued = make_task("dead_letter"), make_task("queued")
    (done,) = run_json("retry", dead.id)
    assert done == {"id": str(dead.id), "was": "dead_letter", "status": "queued", "done": True, "reason": ""}
    printed, _ = refused("retry", queued.id, "--json")
    (not_done,) = json.loads(printed)
    assert (not_done["done"], not_done["reason"]) == (False, "it is queued")


def test_an_id_that_is_none_is_refused_before_anything_happens(make_task):
    task = make_task("queued")
    assert "'x' is not a task id" in refused("cancel", task.id, "x")[1]
    assert fresh(task).status == S.QUEUED


def test_all_that_filters_select_are_cancelled_by_a_task(make_task, background):
    meant, other = make_task("queued", labels=["x"]), make_task("queued")
    assert "are for filters, not for ids" in refused("cancel", meant.id, "--dry-run")[1]
    assert "Which tasks?" in refused("cancel", meant.id, "--label", "x")[1]
    assert "Which tasks?" in refused("cancel")[1]
    assert run("cancel", "--label", "x").endswith("will cancel 1 task of acme.\n")
    run_platform_tasks(background)
    assert (fresh(meant).status, fresh(other).status) == (S.CANCELLED, S.QUEUED)
