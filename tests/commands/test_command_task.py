"""`task`: the story of one."""

import os
import pty

import pytest

from queueapp import tasks
from queueapp.models.base import new_id
from queueapp.tenancy import operator_scope
from tests.commands.calling import manage, refused, run, run_json
from tests.factories import TRACEBACK
from tests.waiting import PATIENCE_SECONDS


def test_the_story_has_the_waiting_as_a_step_of_its_own(make_task):
    task = make_task("dead_letter", params={"a": 1}, labels=["x", "y"])
    lines = run("task", task.id).splitlines()
    facts = dict(line.split(maxsplit=1) for line in lines[: lines.index("")])
    assert facts["task"] == str(task.id)
    assert (facts["status"], facts["tenant"], facts["labels"]) == ("dead_letter", "acme", "x, y")
    assert facts["attempts"] == "1; 1 failures (may fail 0 times), 0 crashes"
    story = [line[38:] for line in lines[lines.index("") + 1 :][:5]]
    assert story[0] == "new → queued (submit), by operator:factory"
    assert story[1].startswith("waited 0.")
    assert story[2] == f"queued → leased (claim), attempt 1, by worker:{task.worker_id}"
    assert story[3] == "ran 0.250 s"
    assert story[4].startswith("leased → dead_letter (handler_error), attempt 1, by worker:")
    assert lines[-5] == "error   handler_error: It went wrong."
    assert lines[-3:] == TRACEBACK.splitlines()


def test_a_task_that_goes_on_tells_how_long_it_has_waited(make_task):
    task = make_task("queued")
    story = run_json("task", task.id)["story"]
    assert [step["kind"] for step in story] == ["transition", "stay"]
    assert story[1]["status"] == "queued"
    assert story[1]["seconds"] > 0


def test_the_document_is_the_row_and_its_story(make_task):
    task = make_task("dead_letter")
    with operator_scope("operator:alice"):
        tasks.retry(task.id)
    document = run_json("task", task.id)
    assert document["id"] == str(task.id)
    assert [step.get("run_seconds") for step in document["story"] if step["kind"] == "stay"] == [None, 0.25, None, None]
    story = document["story"]
    assert [step["kind"] for step in story] == ["transition", "stay"] * 4
    assert [step["status"] for step in story if step["kind"] == "stay"] == ["queued", "leased", "dead_letter", "queued"]
    moves = [step for step in story if step["kind"] == "transition"]
    assert moves[0]["elapsed_seconds"] == 0
    stays = [step["seconds"] for step in story[:-1] if step["kind"] == "stay"]
    assert moves[-1]["elapsed_seconds"] == pytest.approx(sum(stays))
    assert (moves[-1]["from_status"], moves[-1]["to_status"]) == ("dead_letter", "queued")
    assert (moves[-1]["actor"], moves[-1]["at"][-1]) == ("operator:alice", "Z")


def test_an_error_message_cannot_drive_the_terminal(make_task):
    task = make_task("dead_letter", error_message="\x1b]0;owned\x07 and\nmore")
    printed = run("task", task.id)
    assert "\\x1b]0;owned\\x07 and\nmore" in printed
    assert "\x1b" not in printed


def test_unknown_and_misspelt_ids_are_refused(acme):
    missing = new_id()
    assert refused("task", missing)[1] == f"No task {missing}."
    assert "'123' is not a task id; `manage.py tasks` lists them" in refused("task", "123")[1]


def test_on_a_terminal_statuses_have_colours_and_documents_have_none(make_task):
    task = make_task("completed")
    assert "\x1b[32mcompleted" in _on_a_terminal("tasks")
    assert "\x1b" not in _on_a_terminal("task", task.id, "--json")


def _on_a_terminal(*arguments):
    ours, theirs = pty.openpty()
    process = manage(*arguments, stdout=theirs, TERM="xterm")
    os.close(theirs)
    printed = b""
    try:
        while chunk := os.read(ours, 65536):
            printed += chunk
    except OSError:  # Linux says so when the other end is closed
        pass
    finally:
        os.close(ours)
        process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0
    return printed.decode()
