"""Clusters side by side, what they show of themselves, and how they leave."""

import json
import os
import pty
import subprocess
import sys
import threading

import psutil
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from queueapp import tasks
from queueapp.models import Queue, Task
from queueapp.tenancy import operator_scope
from tests.clusters import ROOT, running_cluster
from tests.factories import fresh
from tests.waiting import PATIENCE_SECONDS, wait_until


def ended(ids):
    with operator_scope("operator:test"):
        return Task.objects.filter(id__in=ids, status="completed").count() == len(ids)


def test_two_clusters_take_only_what_they_may(acme, tmp_path):
    with operator_scope("operator:test"):
        Queue.objects.create(name="video")
    mark = {"mark": str(tmp_path / "marks")}
    with (
        running_cluster("--queues", "video", "--categories", "IdeaInspiration.Sources.*", workers=1) as video,
        running_cluster("--queues", "default", "--capabilities", '{"region": "eu-west-1"}', workers=1) as default,
    ):
        youtube, here = (
            tasks.submit("IdeaInspiration.Sources.YouTube", mark, queue="video", tenant_id=acme.id),
            tasks.submit("sample.record", mark, requirements={"region": "eu-west-1"}, tenant_id=acme.id),
        )
        nobodys = [
            tasks.submit("IdeaInspiration.Classification", mark, queue="video", tenant_id=acme.id),
            tasks.submit("sample.record", mark, requirements={"region": "us-east-1"}, tenant_id=acme.id),
        ]
        wait_until(lambda: ended([youtube.id, here.id]))
        later = [tasks.submit("sample.record", mark, tenant_id=acme.id)]
        wait_until(lambda: ended([later[0].id]))
        who = dict(line.split()[::2] for line in (tmp_path / "marks").read_text().splitlines())
        assert int(who[str(youtube.id)]) == video.live_workers()[0].pid
        assert int(who[str(here.id)]) == default.live_workers()[0].pid
        assert [fresh(task).status for task in nobodys] == ["queued", "queued"]


def test_an_unknown_queue_is_refused_by_name(clean_database):
    with pytest.raises(CommandError, match="No queue nowhere"):
        call_command("qcluster", "--queues", "nowhere")


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--workers", "0", "'0' is not a whole number from 1 to 64"),
        ("--workers", "x", "'x' is not a whole number from 1 to 64"),
        ("--categories", "echo,a b", r"'a b' must be a type, `X\.\*` for all types below X, or `\*`"),
    ],
)
def test_what_would_never_work_is_refused(clean_database, option, value, words):
    with pytest.raises(CommandError, match=words):
        call_command("qcluster", option, value)


def test_a_paused_queue_goes_on_when_it_is_resumed(acme):
    with running_cluster(workers=1):
        with operator_scope("operator:test"):
            Queue.objects.update(paused_at="2026-01-01T00:00Z")
        first = tasks.submit("sample.noop", tenant_id=acme.id)
        with operator_scope("operator:test"):
            Queue.objects.update(paused_at=None)
        wait_until(lambda: fresh(first).status == "completed")


def test_qinfo_qmonitor_and_qmemory_show_the_cluster(acme, capsys):
    with running_cluster(workers=2) as cluster:
        task = tasks.submit("sample.noop", tenant_id=acme.id)
        wait_until(lambda: fresh(task).status == "completed")

        def info():
            call_command("qinfo", "--json")
            return json.loads(capsys.readouterr().out)

        wait_until(lambda: info()["tasks"].get("completed") == 1 and info()["clusters"])
        shown = info()
        assert [row["sentinel"] for row in shown["clusters"]] == [cluster.pid_of("sentinel")]
        assert {row["status"]: row["moves"] for row in shown["last_hour"]}["completed"] == 1
        call_command("qinfo")
        assert "completed" in capsys.readouterr().out
        screen = screen_of("qmonitor")
        assert str(cluster.pid_of("sentinel")) in screen or "Idle" in screen, screen
        assert "Sentinel (MB)" in screen_of("qmemory")


def screen_of(command) -> str:
    """One refresh of it on a terminal of its own."""
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "manage.py", command, "--run-once"],
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"},
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        timeout=PATIENCE_SECONDS,
    )
    os.close(theirs)
    screen = b""
    try:
        while chunk := os.read(ours, 65_536):
            screen += chunk
    except OSError:  # the other end is closed and everything was read
        pass
    os.close(ours)
    assert done.returncode == 0, done.stderr.decode()
    return screen.decode(errors="replace")


def test_draining_finishes_what_runs_and_hands_back_the_rest(acme, tmp_path):
    with running_cluster(workers=1) as cluster:
        mark = tmp_path / "mark"
        running = tasks.submit("sample.talk", {"mark": str(mark)}, tenant_id=acme.id)
        wait_until(mark.exists)
        waiting = tasks.submit("sample.noop", tenant_id=acme.id)
        family = cluster.family()
        psutil.Process(cluster.main).terminate()
        threading.Timer(1.0, (tmp_path / "mark.go").touch).start()
        assert cluster.process.wait(timeout=PATIENCE_SECONDS) == 0
        assert fresh(running).status == "completed"
        assert fresh(waiting).status == "queued"
        assert not [process for process in family if process.is_running()]


def test_no_connection_stays_idle_in_a_transaction(acme):
    """Sampled under load: neither workers nor handlers keep a transaction open while they do something else."""
    ids = tasks.submit_many([{"type": "sample.record", "params": {"seconds": 0.02}}] * 200, tenant_id=acme.id)
    oldest = 0.0
    with running_cluster(workers=4):
        while not ended(ids):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT coalesce(extract(epoch FROM max(clock_timestamp() - state_change)), 0)::float8"
                    " FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
                )
                oldest = max(oldest, cursor.fetchone()[0])
    assert oldest < 1.0
