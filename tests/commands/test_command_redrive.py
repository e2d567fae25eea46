"""`redrive`: dead letters by queue, type or tenant."""

import pytest

from queueapp.models import OperatorAction
from queueapp.operators import service
from queueapp.tenancy import operator_scope
from tests.commands.calling import ACTOR, refused, run, run_json
from tests.factories import fresh
from tests.platform_worker import run_platform_tasks


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
def test_only_the_dead_letters_asked_for_are_queued(dead, make_task, background, words, queued):
    failed = make_task("failed")
    count = run_json("redrive", *words, "--dry-run")["count"]
    submitted = run_json("redrive", *words, "--reason", "mended")["tasks"]
    run_platform_tasks(background)
    assert (count, len(submitted)) == (len(queued), len({dead[name].tenant_id for name in queued}))
    assert {name for name, task in dead.items() if fresh(task).status == "queued"} == queued
    assert fresh(failed).status == "failed"


def test_it_is_recorded_with_its_filters(dead):
    printed = run("redrive", "--tenant", "globex", "--reason", "mended")
    with operator_scope("operator:test"):
        action = OperatorAction.objects.get(action="task.redrive")
    assert (action.actor, action.detail["reason"], action.detail["counts"]) == (ACTOR, "mended", {"globex": 1})
    assert printed == f"Task {action.detail['tasks'][0]} will redrive 1 task of globex.\n"
    assert "does the same and has not ended" in refused("redrive", "--tenant", "globex")[1]
    assert run("redrive", "--tenant", "globex", "--again").startswith("Task ")


def test_a_dry_run_says_what_would_be_touched(dead):
    printed = run("redrive", "--queue", "slow", "--dry-run")
    assert printed.startswith("1 as of 20")
    assert "acme" in printed
    assert run("redrive", "--type", "no.such", "--dry-run") == "No task matches.\n"
    assert fresh(dead["slow"]).status == "dead_letter"


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ([], "Give a filter such as --queue, --type or --tenant, or else --all"),
        (["--all", "--queue", "default"], "Give filters, or else --all."),
        (["--queue", "nowhere"], "There is no queue 'nowhere'"),
        (["--all", "--try-first", "2", "--go-on-if", "3"], "go_on_if: must be at most try_first"),
    ],
)
def test_what_cannot_be_done_is_refused(dead, words, refusal):
    assert refusal in refused("redrive", *words)[1]
    assert fresh(dead["plain"]).status == "dead_letter"
