"""`make smoke` against a real web server and cluster."""

import sys

import pytest

SMOKE = (sys.executable, "-m", "taskrunner.devserver.smoke")


def test_every_step_passes_and_says_how_long_it_took(user):
    done = user(*SMOKE)
    assert (done.returncode, done.stderr) == (0, "")
    steps = [line.split("  ")[1] for line in done.stdout.splitlines()]
    assert steps == [
        *("health", "limits", "echo", "same key twice", "cancelled sleep", "unknown type"),
        *("search", "unknown source", "artifact", "oversized artifact"),
    ]


def test_it_ends_at_the_first_fault_and_names_it(user, brave):
    brave.refuses(401)
    done = user(*SMOKE)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("  unknown type ")
    assert done.stderr.startswith("  search: expected an answer of every source, got ")
    assert "answered 401" in done.stderr


@pytest.mark.parametrize("variable", ["TASKRUNNER_URL", "TASKRUNNER_CLIENT_KEY"])
def test_without_a_stack_it_says_how_to_start_one(user, variable):
    done = user(*SMOKE, **{variable: ""})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{variable} not set: start a Taskrunner with `make up`.\n"


def test_a_server_that_does_not_answer_fails_the_first_step(user):
    done = user(*SMOKE, TASKRUNNER_URL="http://127.0.0.1:1")
    assert (done.returncode, done.stdout) == (1, "")
    assert "  health: " in done.stderr and "Connection refused" in done.stderr
