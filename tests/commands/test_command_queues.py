"""`queues`: the list, and what operators change."""

from queueapp import maintenance
from tests.commands.calling import ACTOR, actions, create_worker, refused, run, run_json


def row(name):
    return next(document for document in run_json("queues") if document["name"] == name)


def test_the_list_has_counts_and_the_oldest_wait(make_task):
    make_task("queued", run_at="2026-01-02T03:04:05Z", priority=105)
    make_task("completed")
    maintenance.run_once()
    document = row("default")
    assert document["counts"] == {"queued": 1, "completed": 1}
    assert document["oldest_wait_seconds"] > 0
    assert (document["strategy"], document["paused_at"], document["live_workers"]) == ("priority", None, 0)
    line = next(line for line in run("queues").splitlines() if line.startswith("default"))
    assert line.split()[:4] == ["default", "open", "priority", "0"]
    assert line.endswith("1 queued, 1 completed")


def test_each_action_shows_the_queue_as_it_is_then(clean_database):
    assert run_json("queues", "add", "slow")[0]["name"] == "slow"
    assert "slow   paused  priority" in run("queues", "pause", "slow")
    assert run_json("queues", "strategy", "slow", "fair")[0]["strategy"] == "fair"
    (document,) = run_json("queues", "resume", "slow")
    assert (document["paused_at"], document["strategy"]) == (None, "fair")
    assert actions() == [(ACTOR, f"queue.{action}", "slow") for action in ("add", "pause", "strategy", "resume")]


def test_a_paused_queue_says_since_when(clean_database):
    run("queues", "pause", "default")
    assert row("default")["paused_at"].endswith("Z")


def test_a_pause_takes_a_reason_and_an_end(clean_database):
    printed = run("queues", "pause", "default", "--reason", "bad \x1b[31mencoder", "--until", "2035-01-31T12:00:00Z")
    assert f"by {ACTOR}: bad \\x1b[31mencoder. The pause ends at 2035-01-31 12:00:00 UTC." in printed
    document = row("default")
    assert (document["paused_by"], document["paused_until"]) == (ACTOR, "2035-01-31T12:00:00.000Z")
    assert refused("queues", "pause", "default", "--until", "noon")[1].startswith("until: must be a time")


def test_a_pause_that_a_worker_has_not_confirmed_says_so(clean_database, monkeypatch):
    monkeypatch.setattr("queueapp.operators.pauses.CONFIRM_SECONDS", 0.0)
    create_worker()
    printed, words = refused("queues", "pause", "default")
    assert "default  pausing  priority" in printed
    assert words == "Paused, but 1 workers have not confirmed: they may still start a task."


def test_refusals(clean_database):
    assert "There is no queue 'nowhere'; there are: config, default" in refused("queues", "pause", "nowhere")[1]
    assert "there is a queue 'default' already" in refused("queues", "add", "default")[1]
    assert refused("queues", "strategy", "default", "rude")[1].startswith("strategy: must be one of fifo")
    assert "required: name" in refused("queues", "resume")[1]
    assert actions() == []
