"""`workers`: who lives, and what they do."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db.models.functions import Now

from queueapp.claiming import Capabilities
from queueapp.models.base import new_id
from queueapp.worker.heartbeats import register
from tests.commands.calling import ACTOR, actions, create_worker, refused, run, run_json


@pytest.fixture
def workers(clean_database):
    """A live one, one that fell silent, and one that said goodbye."""
    return {
        "live": create_worker(host="live"),
        "dead": create_worker(host="dead", heartbeat_at=Now() - timedelta(minutes=1)),
        "stopped": create_worker(host="stopped", stopped_at=Now()),
    }


def test_the_list_has_the_living_and_all_has_all(workers):
    assert [document["host"] for document in run_json("workers")] == ["live"]
    states = {document["host"]: document["is_live"] for document in run_json("workers", "--all")}
    assert states == {"live": True, "dead": False, "stopped": False}
    assert {line.split()[1] for line in run("workers", "--all").splitlines()[1:]} == {"live", "dead", "stopped"}


def test_a_busy_one_tells_with_what(workers, make_task):
    task = make_task("leased", worker_id=workers["live"].id)
    (document,) = run_json("workers")
    (held,) = document["tasks"]
    assert UUID(held["id"]) == task.id
    assert (held["type"], held["attempt"], held["started_at"][-1]) == ("echo", 1, "Z")
    assert run("workers").rstrip().endswith(f"echo {task.id}")


def test_each_shows_its_release(clean_database, configure):
    configure(RELEASE="1f70")
    register(new_id(), new_id(), Capabilities(queues=None))
    assert [document["release"] for document in run_json("workers")] == ["1f70"]
    assert "  1f70  " in run("workers").splitlines()[1]


def test_one_is_asked_to_end_after_its_task(workers):
    live, dead = workers["live"].id, workers["dead"].id
    assert run("workers", "--stop", live, "--reason", "it grows").splitlines()[1].split()[1] == "stopping"
    assert run_json("workers")[0]["stop_asked_at"].endswith("Z")
    assert refused("workers", "--stop", dead)[1] == f"Worker {dead} is not alive."
    assert refused("workers", "--drain", live)[1] == f"There is no cluster {live}; `manage.py qinfo` lists them."
    assert actions() == [(ACTOR, "worker.stop", str(live))]


def test_an_empty_list_says_what_to_do(clean_database):
    assert run("workers") == "No worker is alive. `manage.py qcluster` starts some.\n"
    assert run_json("workers") == []
