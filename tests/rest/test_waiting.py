"""`Prefer: wait=N`: the answer comes when the task ends, and waiting holds nothing that others need."""

import os
import time
from concurrent.futures import as_completed
from uuid import UUID

import pytest
from psycopg2.extensions import make_dsn

from queueapp import tasks
from queueapp.rest.toolkit import long_poll, waiting_places
from queueapp.rest.toolkit.waiting_places import WaitingPlaces
from tests.rest.calling import code_of, key_for
from tests.rest.live import live_server
from tests.sql_queries import ask, end_other_sessions
from tests.waiting import PATIENCE_SECONDS, threads, wait_until


def cancel(task_id, tenant):
    tasks.cancel(task_id, tenant_id=tenant.id)


OTHERS = "datname = current_database() AND usename = session_user AND pid <> pg_backend_pid()"


def sessions_of(application):
    return ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [application])


def wait_until_the_lookout_looks():
    """While a request waits nobody else asks the database anything."""
    now = ask("SELECT clock_timestamp()")
    still_asking = f"SELECT count(*) FROM pg_stat_activity WHERE {OTHERS} AND query_start > %s + interval '0.5 s'"
    wait_until(lambda: ask(still_asking, [now]))


def waiting_for(live, key, task, seconds=30):
    """The answer, and how long it took. An answer because of the end of the task comes before the time has passed."""
    began = time.monotonic()
    answer = live.send(key, "GET", f"/tasks/{task.id}", Prefer=f"wait={seconds}")
    return answer, time.monotonic() - began


def test_get_answers_when_the_task_ends(live, acme, make_task):
    key, task = key_for(acme), make_task()
    with threads(1) as run:
        asked = run(waiting_for, live, key, task)
        wait_until_the_lookout_looks()
        cancel(task.id, acme)
        answer, seconds = asked.result(PATIENCE_SECONDS)
    assert answer.json()["status"] == "cancelled"
    assert answer["Preference-Applied"] == "wait=30"
    assert seconds < 30


def test_get_answers_when_the_time_has_passed(live, acme, make_task):
    answer, seconds = waiting_for(live, key_for(acme), make_task(), seconds=1)
    assert (answer.status_code, answer.json()["status"]) == (200, "queued")
    assert seconds >= 1


def test_a_task_that_has_ended_is_not_waited_for(live, acme, make_task):
    _, seconds = waiting_for(live, key_for(acme), make_task("completed"))
    assert seconds < 30


def test_submit_answers_when_the_task_ends(live, acme):
    key = key_for(acme)
    with threads(1) as run:
        asked = run(lambda: live.send(key, "POST", "/tasks", {"type": "echo"}, Prefer="wait=30, respond-async"))

        def submitted():
            return live.send(key, "GET", "/tasks").json()["results"]

        wait_until(submitted)
        wait_until_the_lookout_looks()
        cancel(UUID(submitted()[0]["id"]), acme)
        answer = asked.result(PATIENCE_SECONDS)
    assert (answer.status_code, answer.json()["status"]) == (202, "cancelled")
    assert answer["Preference-Applied"] == "wait=30"


def test_waiting_holds_no_connection_and_leaves_threads_to_others(acme, make_task):
    key, task = key_for(acme), make_task()
    database = make_dsn(os.environ["DATABASE_URL"], application_name="waiting")
    with live_server(DATABASE_URL=database) as live, threads(7) as run:
        asked = [run(waiting_for, live, key, task) for _ in range(7)]
        refused = next(as_completed(asked, timeout=PATIENCE_SECONDS)).result()[0]
        assert (refused.status_code, refused.json()["code"]) == (503, "busy")
        assert 0 < int(refused["Retry-After"]) <= 30
        # the completion_watcher's, and that of the thread which refused
        wait_until(lambda: sessions_of("waiting") == 2)
        assert live.send(key, "GET", "/tasks").status_code == 200, "others are answered"
        assert live.send(key, "POST", "/tasks", {"type": "echo"}, Prefer="wait=1").status_code == 503
        assert len(live.send(key, "GET", "/tasks").json()["results"]) == 1, "what was refused was not submitted"
        cancel(task.id, acme)
        answers = [future.result(PATIENCE_SECONDS)[0].json()["status"] for future in asked]
    assert answers.count("cancelled") == 6


def test_without_a_free_place_a_request_that_waits_is_told_so(client, make_task, monkeypatch):
    places = WaitingPlaces(1)
    monkeypatch.setattr(waiting_places, "for_tasks", lambda: places)
    with places.place("somebody", 30):
        answer = client.get(f"/tasks/{make_task().id}", Prefer="wait=1")
    assert (answer.status_code, code_of(answer)) == (503, "busy")
    assert client.get(f"/tasks/{make_task().id}", Prefer="wait=0").status_code == 200


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        *(("wait=10", 10), ("wait=31", 30), ("wait=0", 0), ("respond-async, wait=5", 5), ("Wait = 7", 7)),
        *(('wait="3"', 3), ("wait=5; x=y", 5), ("wait=-1", 0), ("wait=1.5", 0), ("await=5", 0), ("wait", 0), ("", 0)),
        ("wait=" + "9" * 100, 0),
    ],
)
def test_how_long_a_client_prefers_to_wait(rf, header, seconds):
    assert long_poll.wanted_seconds(rf.get("/", headers={"Prefer": header})) == seconds


def test_the_lookout_survives_a_database_that_goes_away(live, acme, make_task):
    key, task = key_for(acme), make_task()
    with threads(1) as run:
        asked = run(waiting_for, live, key, task)
        wait_until_the_lookout_looks()
        end_other_sessions()
        cancel(task.id, acme)
        assert asked.result(PATIENCE_SECONDS)[0].json()["status"] == "cancelled"
