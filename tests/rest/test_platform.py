"""Queues, workers, limits and figures."""

from datetime import timedelta

import pytest

from queueapp import clock, maintenance
from queueapp.db import statements
from queueapp.models import Cluster, OperatorAction, Queue, Worker
from queueapp.tenancy import operator_scope
from tests.commands.calling import create_worker
from tests.rest.calling import code_of, fields_of


def test_queues_with_their_counts(admin, make_task):
    make_task()
    make_task("completed")
    maintenance.run_once()
    queues = {queue["name"]: queue for queue in admin.get("/queues").json()["results"]}
    assert queues["default"]["counts"] == {"queued": 1, "completed": 1}
    assert queues["default"]["oldest_wait_seconds"] >= 0
    assert queues["platform"]["counts"] == {}


def test_pausing_and_resuming_is_recorded_with_the_keys_name(admin):
    paused = admin.post("/queues/default/pause")
    assert paused.status_code == 200
    assert paused.json()["paused_at"] is not None
    assert admin.post("/queues/default/pause").json()["paused_at"] == paused.json()["paused_at"]
    assert admin.post("/queues/default/resume").json()["paused_at"] is None
    with operator_scope("operator:test"):
        actions = OperatorAction.objects.filter(target="default").order_by("id").values_list("actor", "action")
        assert list(actions) == [
            (f"operator:acme-admin@{admin.key[3:11]}", f"queue.{verb}") for verb in ("pause", "pause", "resume")
        ]


def test_a_pause_says_why_and_until_when(admin, client, make_task):
    task = make_task()
    until = (clock.now() + timedelta(hours=1)).isoformat(timespec="seconds")
    paused = admin.post("/queues/default/pause", {"reason": "token=hunter2hunter2 is out", "until": until}).json()
    assert paused["paused_by"] == f"operator:acme-admin@{admin.key[3:11]}"
    assert (paused["pause_reason"], paused["paused_until"][:19]) == ("token=*** is out", until[:19])
    reason = client.get(f"/tasks/{task.id}/why").json()["reasons"][0]
    assert (reason["reason"], reason["until"]) == (paused["pause_reason"], paused["paused_until"])
    assert "token=*** is out. The pause ends at" in reason["message"]
    assert "acme-admin" not in str(reason)
    again = admin.post("/queues/default/pause").json()
    assert (again["pause_reason"], again["paused_until"], again["paused_at"]) == ("", None, paused["paused_at"])
    resumed = admin.post("/queues/default/resume").json()
    assert [resumed[name] for name in ("paused_at", "paused_by")] == [None, ""]
    with operator_scope("operator:test"):
        details = OperatorAction.objects.filter(action="queue.pause").order_by("id").values_list("detail", flat=True)
        assert [sorted(detail) for detail in details] == [["reason", "until"], []]
        assert "hunter2" not in str(details)


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"until": "2026-01-01T00:00:00Z"}, {"until": "in_the_past"}),
        ({"until": "9000-01-01T00:00:00Z"}, {"until": "time_out_of_range"}),
        ({"until": "noon"}, {"until": "value_error"}),
        ({"reason": "x" * 501}, {"reason": "too_long"}),
        ({"reason": "a\x00b"}, {"body": "nul_character"}),
        ({"why": "so"}, {"why": "extra_forbidden"}),
    ],
)
def test_a_pause_that_is_refused_pauses_nothing(admin, body, refused):
    assert fields_of(admin.post("/queues/default/pause", body)) == refused
    with operator_scope("operator:test"):
        assert not Queue.objects.filter(paused_at__isnull=False).exists()


def test_a_pause_that_a_worker_has_not_confirmed_is_accepted_only(admin, monkeypatch):
    monkeypatch.setattr("queueapp.operators.pauses.CONFIRM_SECONDS", 0.0)
    worker = create_worker()
    paused = admin.post("/queues/default/pause")
    assert (paused.status_code, paused.json()["unconfirmed_by"]) == (202, [str(worker.id)])
    assert paused.json()["paused_at"] is not None
    with operator_scope("operator:test"):
        Worker.objects.update(pause_seen=Queue.objects.get(name="default").pause_seq)
    paused = admin.post("/queues/default/pause")
    assert (paused.status_code, paused.json()["unconfirmed_by"]) == (200, [])


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_a_queue_that_is_not_there(admin, verb):
    answer = admin.post(f"/queues/nowhere/{verb}")
    assert (answer.status_code, code_of(answer)) == (404, "queue_not_found")


def test_workers_alive_and_dead(admin, make_task):
    alive, dead = create_worker(), create_worker(stopped_at="2026-01-01T00:00:00Z")
    task = make_task("leased", worker_id=alive.id)
    (listed,) = admin.get("/workers").json()["results"]
    assert (listed["id"], listed["is_live"], listed["tasks"][0]["id"]) == (str(alive.id), True, str(task.id))
    everybody = {worker["id"] for worker in admin.get("/workers?include_dead=true").json()["results"]}
    assert everybody == {str(alive.id), str(dead.id)}
    assert fields_of(admin.get("/workers?include_dead=perhaps")) == {"include_dead": "bool_parsing"}


def test_a_worker_that_is_pruned_while_it_is_looked_at_is_not_there(admin, monkeypatch):
    gone, stays = create_worker(stopped_at="2026-01-01T00:00:00Z"), create_worker()
    look = statements.rows

    def prune_after_the_first_look(name, *parameters):
        found = look(name, *parameters)
        if name == "worker_rows":
            Worker.objects.filter(id=gone.id).delete()
        return found

    monkeypatch.setattr(statements, "rows", prune_after_the_first_look)
    listed = admin.get("/workers?include_dead=true").json()["results"]
    assert [each["id"] for each in listed] == [str(stays.id)]


@pytest.fixture
def a_cluster(clean_database):
    with operator_scope("operator:test"):
        stat = {"status": "Idle", "workers": [1, 2], "reincarnations": 3}
        return Cluster.objects.create(host="box", pid=7, machine="elsewhere", start_ticks=0, stat=stat)


def test_a_worker_is_asked_to_end_and_stays_as_it_was_asked_first(admin):
    worker = create_worker()
    asked = admin.post(f"/workers/{worker.id}/stop", {"reason": "token=hunter2hunter2 leaks"})
    assert (asked.status_code, asked.json()["is_live"]) == (202, True)
    again = admin.post(f"/workers/{worker.id}/stop")
    assert again.json()["stop_asked_at"] == asked.json()["stop_asked_at"] is not None
    with operator_scope("operator:test"):
        first, second = OperatorAction.objects.filter(action="worker.stop", target=str(worker.id)).order_by("id")
    assert (first.detail, second.detail) == ({"reason": "token=*** leaks"}, {})


def test_a_cluster_is_asked_to_drain(admin, a_cluster):
    (listed,) = admin.get("/clusters").json()["results"]
    assert (listed["status"], listed["workers"], listed["reincarnations"]) == ("Idle", 2, 3)
    asked = admin.post(f"/clusters/{a_cluster.id}/drain", {"reason": "its machine goes"})
    assert (asked.status_code, asked.json()["status"]) == (202, "draining")
    with operator_scope("operator:test"):
        assert OperatorAction.objects.get(action="cluster.drain").target == str(a_cluster.id)


def test_who_cannot_be_asked_to_end(admin, a_cluster):
    with operator_scope("operator:test"):
        Cluster.objects.update(heartbeat_at="2026-01-01T00:00Z")
    dead, over_http = create_worker(stopped_at="2026-01-01T00:00Z"), create_worker(machine=Worker.OVER_HTTP)
    refused = {
        f"/workers/{dead.id}/stop": (409, "cannot_end"),
        f"/workers/{over_http.id}/stop": (409, "cannot_end"),
        f"/workers/{a_cluster.id}/stop": (404, "worker_not_found"),
        f"/clusters/{a_cluster.id}/drain": (409, "cannot_end"),
        f"/clusters/{dead.id}/drain": (404, "cluster_not_found"),
    }
    answers = {address: admin.post(address) for address in refused}
    assert {address: (each.status_code, code_of(each)) for address, each in answers.items()} == refused
    assert fields_of(admin.post(f"/workers/{dead.id}/stop", {"reason": "x" * 501})) == {"reason": "too_long"}
    with operator_scope("operator:test"):
        assert not OperatorAction.objects.filter(action__in=["worker.stop", "cluster.drain"]).exists()


def test_figures_are_a_tenants_own(client, admin, make_task, globex):
    for status in ("completed", "completed", "completed", "dead_letter"):
        make_task(status)
    make_task(tenant=globex)
    maintenance.run_once()
    stats = client.get("/stats").json()
    assert stats["counts"] == {"completed": 3, "dead_letter": 1}
    assert stats["queues"] == {"default": {"completed": 3, "dead_letter": 1}}
    assert stats["last_hour"]["success_rate"] == 0.75
    (echo,) = stats["last_hour"]["types"]
    assert (echo["type"], echo["completed"], echo["dead_lettered"]) == ("echo", 3, 1)
    assert echo["average_run_seconds"] >= 0
    for window in ("1h", "7d"):
        of_window = client.get(f"/stats?window={window}").json()["window"]
        (echo,) = of_window["types"]
        assert (echo["completed"], echo["failure_rate"], of_window["total"]["completed"]) == (3, 0.25, 3)
        assert 0.2 < echo["run"]["p95"] < 0.3  # 0.25 s each
        assert sum(span["failed"] for span in of_window["spans"]) == 1
    assert set(fields_of(client.get("/stats?window=2h"))) == {"window"}
    assert admin.get("/stats").json()["counts"] == {"completed": 3, "dead_letter": 1, "queued": 1}
    assert admin.get("/stats?tenant=globex").json()["counts"] == {"queued": 1}


def test_types_come_with_the_schema_of_their_parameters(client):
    types = {each["type"]: each for each in client.get("/task-types").json()["results"]}
    assert types["sleep"]["params_schema"]["required"] == ["seconds"]
    assert types["sample.give_up"]["max_retries"] == 5


@pytest.mark.parametrize(
    "path", ["/queues", "/workers", "/clusters", "/alerts", "/limits", "/stats", "/security-events"]
)
def test_unknown_parameters_are_refused(admin, path):
    assert fields_of(admin.get(f"{path}?colour=red")) == {"colour": "extra_forbidden"}
