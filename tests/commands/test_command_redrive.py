"""`redrive`: dead letters by queue, type or tenant."""

import pytest

from queueapp.models import OperatorAction
from queueapp.operators import service
from queueapp.tenancy import operator_scope
from tests.commands.calling import ACTOR, refused, run, run_json
from tests.factories import fresh


@pytest.fixture
def dead(make_task, globex):
    with operator_scope("operator:test"):
        service.add_queue("slow")
    return {
        "plain": make_task("dead_letter"),
        "slow": make_task("dead_letter", queue="slow"),
        "ari": make_task("dead_letter", type="ari.search"),
        "theirs": make_task("dead_letter", tenant=globex),
    }


@pytest.mark.parametrize(
    ("words", "queued"),
    [
        (["--queue", "slow"], {"slow"}),
        (["--type", "ari.*"], {"ari"}),
        (["--tenant", "globex"], {"theirs"}),
        (["--tenant", "acme", "--type", "echo", "--queue", "default"], {"plain"}),
        (["--all"], {"plain", "slow", "ari", "theirs"}),
    ],
)
def test_only_the_dead_letters_asked_for_are_queued(dead, make_task, words, queued):
    failed = make_task("failed")
    assert run("redrive", *words) == f"Queued again: {len(queued)} dead letters.\n"
    assert {name for name, task in dead.items() if fresh(task).status == "queued"} == queued
    assert fresh(failed).status == "failed"


def test_it_is_recorded_with_its_filters(dead):
    assert run_json("redrive", "--tenant", "globex") == {"redriven": 1}
    with operator_scope("operator:test"):
        action = OperatorAction.objects.get(action="task.redrive")
    assert (action.actor, action.detail) == (ACTOR, {"tenant": "globex", "redriven": 1})


@pytest.mark.parametrize("words", [[], ["--all", "--queue", "default"]])
def test_it_wants_to_know_which(dead, words):
    assert "Give --queue, --type or --tenant, or else --all" in refused("redrive", *words)[1]
    assert fresh(dead["plain"]).status == "dead_letter"


def test_a_queue_that_does_not_exist_is_refused(dead):
    assert "There is no queue 'nowhere'" in refused("redrive", "--queue", "nowhere")[1]
