"""What the supervisor knows of its workers: whom to blame for a death, how many there are, what they leave behind."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from queueapp import tasks
from queueapp.models import Task
from queueapp.tenancy import operator_scope
from tests.clusters import ROOT, RunningCluster, running_cluster
from tests.factories import fresh
from tests.waiting import PATIENCE_SECONDS, wait_until

# root has the right by itself, and would lose that to the sockets of the servers
NAMESPACE = ["unshare", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]


def crashes(ids):
    with operator_scope("operator:test"):
        return dict(Task.objects.filter(id__in=ids).values_list("id", "crash_count"))


def unfinished(ids):
    with operator_scope("operator:test"):
        return Task.objects.filter(id__in=ids).exclude(status__in=["completed", "dead_letter"]).exists()


def test_only_the_task_that_ran_is_blamed_for_the_death_of_its_worker(acme):
    requests = [{"type": "sample.noop"}] * 40 + [{"type": "sample.crash"}] + [{"type": "sample.noop"}] * 40
    ids = tasks.submit_many(requests, tenant_id=acme.id)
    with running_cluster(workers=1):
        wait_until(lambda: not unfinished(ids))
    counted = crashes(ids)
    assert counted.pop(ids[40]) == 3
    assert set(counted.values()) == {0}


def test_a_handler_that_kills_its_own_group_harms_nobody_else(acme, tmp_path):
    mark = tmp_path / "mark"
    with running_cluster(workers=2):
        honest = tasks.submit("sample.talk", {"mark": str(mark)}, tenant_id=acme.id)
        wait_until(mark.exists)
        hostile = tasks.submit("sample.crash_group", {}, tenant_id=acme.id)
        wait_until(lambda: fresh(hostile).status == "dead_letter")
        mark.with_name(mark.name + ".go").touch()
        wait_until(lambda: fresh(honest).status == "completed")
    assert (fresh(hostile).crash_count, fresh(honest).attempt) == (3, 1)


def test_nobody_is_blamed_for_the_death_of_the_sentinel(acme, tmp_path):
    marks = [tmp_path / "one", tmp_path / "two"]
    with running_cluster(workers=2) as cluster:
        running = [tasks.submit("sample.talk", {"mark": str(mark)}, tenant_id=acme.id) for mark in marks]
        wait_until(lambda: all(mark.exists() for mark in marks))
        os.kill(psutil.Process(cluster.main).children()[0].pid, signal.SIGKILL)
        wait_until(lambda: all(fresh(task).attempt == 2 for task in running))
        for mark in marks:
            mark.with_name(mark.name + ".go").touch()
        wait_until(lambda: all(fresh(task).status == "completed" for task in running))
    assert [fresh(task).crash_count for task in running] == [0, 0]


def test_as_many_workers_as_asked_for_whatever_the_default(acme):
    clusters = [RunningCluster(workers=workers, WORKER_PROCESSES="3") for workers in (1, 6)]
    try:
        wait_until(lambda: all(len(cluster.live_workers()) == cluster.workers for cluster in clusters))
        sentinels = [cluster.pid_of("sentinel") for cluster in clusters]
        task = tasks.submit("sample.record", {"seconds": 12}, tenant_id=acme.id)  # longer than a slot may stay empty
        wait_until(lambda: fresh(task).status == "completed")
        assert fresh(task).crash_count == 0
        assert [cluster.pid_of("sentinel") for cluster in clusters] == sentinels
        others = len(("sentinel", "pusher", "monitor"))
        assert [len(cluster.family()) for cluster in clusters] == [1 + others, 6 + others]
    finally:
        for cluster in clusters:
            cluster.destroy()


FAULTY_SUPERVISOR = """
import django; django.setup()
from django.core.management import call_command
from queueapp.worker.processes.supervisor import Supervisor
Supervisor._fault = lambda self: 1 / 0
call_command("qcluster", workers=1)
"""


def test_a_supervisor_that_fails_ends_instead_of_leaving_the_workers_to_themselves(clean_database):
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    program = [sys.executable, "-c", FAULTY_SUPERVISOR]
    ended = subprocess.run(
        program, cwd=ROOT, env=environment, stderr=subprocess.PIPE, timeout=PATIENCE_SECONDS, check=False
    )
    assert ended.returncode == 1
    assert b"ZeroDivisionError" in ended.stderr


def test_everything_dies_with_the_main_process(acme):
    with running_cluster(workers=2) as cluster:
        family = cluster.family()
        os.kill(cluster.main, signal.SIGKILL)
        wait_until(lambda: not any(process.is_running() for process in family))


@pytest.mark.parametrize("first_of_its_namespace", [False, True])
def test_what_a_dead_worker_leaves_is_killed_and_reaped(acme, tmp_path, first_of_its_namespace):
    """Also where the main process is number 1 of a container that has no init."""
    mark = tmp_path / "mark"
    task = tasks.submit("sample.leave_program", {"mark": str(mark)}, tenant_id=acme.id)
    prefix = [*NAMESPACE, "--pid", "--fork", "--kill-child", "--mount-proc"] if first_of_its_namespace else []
    process = subprocess.Popen(
        [*prefix, sys.executable, "manage.py", "qcluster", "--workers", "1"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
    )
    try:
        wait_until(lambda: fresh(task).status == "dead_letter")
        main = psutil.Process(process.pid)
        if first_of_its_namespace:
            (main,) = main.children()

        def left():
            return [
                (each.pid, each.name(), each.status())
                for each in main.children(recursive=True)
                if each.name() == "sleep" or each.status() == psutil.STATUS_ZOMBIE
            ]

        wait_until(lambda: not left())
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("damage", ["mount -t tmpfs -o ro none /dev/shm", "mount -t tmpfs none /dev"])
def test_a_machine_without_shared_memory_is_refused_in_a_sentence(clean_database, damage):
    done = subprocess.run(
        [*NAMESPACE, "--mount", "sh", "-c", f"{damage} && exec {sys.executable} manage.py qcluster"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "/dev/shm" in done.stderr.splitlines()[-1]


def test_what_the_code_itself_takes_is_no_reason_to_replace_a_worker(acme):
    """A worker of this project is larger than the least limit before it has done anything."""
    with running_cluster(workers=1, WORKER_MAX_MEMORY_MB="64") as cluster:
        (worker,) = cluster.live_workers()
        assert psutil.Process(worker.pid).memory_info().rss > 64 * 2**20
        ids = tasks.submit_many([{"type": "sample.noop"}] * 3, tenant_id=acme.id)
        wait_until(lambda: not unfinished(ids))
        assert [each.id for each in cluster.live_workers()] == [worker.id]
        growing = tasks.submit("sample.grow", {"seconds": 1}, tenant_id=acme.id)
        wait_until(lambda: [each.id for each in cluster.live_workers()] not in ([], [worker.id]))
        assert (fresh(growing).status, fresh(growing).crash_count) == ("completed", 0)
        cluster.log.seek(0)
        assert "worker replaced: it was ready with" in cluster.log.read()
