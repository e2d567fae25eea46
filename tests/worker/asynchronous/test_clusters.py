"""`async def` handlers in a real worker: how many run at once, how each ends, and whose fault what is."""

import os
import signal

from queueapp import tasks
from queueapp.models import Queue, Task, TaskLog
from queueapp.states import FINAL
from queueapp.tenancy import operator_scope
from tests.clusters import running_cluster
from tests.waiting import wait_until


def submit(tenant, type, count=1, /, **params):
    return tasks.submit_many([{"type": type, "params": params}] * count, tenant_id=tenant.id)


def rows(ids):
    with operator_scope("operator:test"):
        found = Task.objects.in_bulk(ids)
    return [found[id] for id in ids]


def wait_for(ids):
    wait_until(lambda: all(task.status in FINAL for task in rows(ids)), pause_seconds=0.05)
    return rows(ids)


def counted(task):
    return task.status, task.error_code, task.failures, task.crash_count


UNHARMED = ("completed", "", 0, 0)


def test_five_hundred_tasks_run_at_once_in_one_worker(acme, clean_database):
    ids = submit(acme, "async.meet", 500, times=500)
    alone = submit(acme, "async.one_by_one", 10)
    with running_cluster(workers=1):
        assert {task.result for task in wait_for(ids)} == {500}
        assert {task.result for task in wait_for(alone)} == {1}
    assert {counted(task) for task in rows(ids)} == {UNHARMED}
    assert {task.attempt for task in rows(ids)} == {1}


def test_how_attempts_end(acme, clean_database, tmp_path):
    mark = str(tmp_path / "mark")
    with running_cluster(workers=1) as cluster:
        (worker,) = cluster.live_workers()
        (cancelled,) = submit(acme, "async.forever", mark=mark)
        wait_until((tmp_path / "mark").exists)
        limited = tasks.submit("async.forever", {}, tenant_id=acme.id, timeout_seconds=1, max_retries=0).id
        caught, unheard, later, left, exited, scoped = (
            submit(acme, f"async.{name}")[0]
            for name in ("cleans_up", "hears_nothing_of_it", "later", "leave_tasks", "exit", "leave_scope")
        )
        (typed,) = submit(acme, "async.sum", numbers=[1, 2, 3])
        (told,) = submit(acme, "async.tell")
        (parent,) = submit(acme, "async.submit")
        (run,) = submit(acme, "async.run")
        tasks.cancel(cancelled, tenant_id=acme.id)
        ended = wait_for([cancelled, limited, caught, unheard, later, left, exited, scoped, typed, told, parent, run])
        (again,) = wait_for(submit(acme, "async.run"))
        assert [each.id for each in cluster.live_workers()] == [worker.id]
    cancelled, limited, caught, unheard, later, left, exited, scoped, typed, told, parent, run = ended
    assert counted(cancelled) == ("cancelled", "", 0, 0)
    assert logs(cancelled)[-1] == logs(limited)[-1] == "cleaned up"
    assert counted(limited) == ("dead_letter", "task_runtime_exceeded", 1, 0)
    assert limited.error_message == "Interrupted after its limit of 1 s."
    assert (counted(caught), caught.result) == (UNHARMED, "cleaned up")
    assert counted(unheard) == ("dead_letter", "task_runtime_exceeded", 1, 0)
    assert "0.3 s, its type's soft_timeout_seconds" in unheard.error_message
    assert "await asyncio.sleep(600)" in unheard.error_traceback
    assert (counted(later), later.result) == (("completed", "", 1, 0), 2)
    assert counted(left) == UNHARMED
    assert counted(exited) == ("dead_letter", "SystemExit", 1, 0)
    assert counted(scoped) == ("dead_letter", "transaction_left_open", 1, 0)
    assert (typed.result, parent.result) == (6, 2)
    assert counted(told) == UNHARMED
    assert told.result.endswith("await alog(…).")
    assert logs(told) == ["half way"]
    assert again.result["summary"].startswith("deduplicated; attempt 1")
    with operator_scope("operator:test"):
        assert Task.objects.filter(type__in=("echo", "async.sum"), tenant=acme).exclude(id=typed.id).count() == 2


def logs(task):
    with operator_scope("operator:test"):
        return list(TaskLog.objects.filter(task_id=task.id, kind="log").values_list("message", flat=True))


def test_at_a_hard_limit_the_process_ends_and_the_neighbours_are_released(acme, clean_database, tmp_path):
    """Of a handler that blocks the event loop, and of one that swallows each cancel, in a cluster each."""
    marks = {name: tmp_path / name for name in ("block", "deaf")}
    neighbours, guilty = [], []
    with operator_scope("operator:test"):
        for name in marks:
            Queue.objects.create(name=name)
    with running_cluster("--queues", "block", workers=1), running_cluster("--queues", "deaf", workers=1):
        for name, mark in marks.items():
            request = {"type": "async.wait", "params": {"mark": str(mark)}, "queue": name}
            neighbours += tasks.submit_many([request] * 2, tenant_id=acme.id)
        for name, mark in marks.items():
            wait_until(lambda mark=mark: mark.exists() and len(mark.read_text().splitlines()) == 2)
            options = {"tenant_id": acme.id, "timeout_seconds": 1, "queue": name}
            guilty.append(tasks.submit(f"async.{name}", {"mark": str(mark)}, **options).id)
        for task in wait_for(guilty):
            assert counted(task) == ("dead_letter", "task_runtime_exceeded", 1, 0)
            assert "did not stop, so its process was ended" in task.error_message
        for mark in marks.values():
            mark.with_name(f"{mark.name}.go").touch()
        ended = wait_for(neighbours)
    assert [(counted(task), task.attempt) for task in ended] == [(UNHARMED, 2)] * 4


def test_what_nobody_can_blame_runs_alone_until_it_is_known(acme, clean_database, tmp_path):
    """A task that kills its worker among neighbours is a dead letter in the end, and none of them is harmed."""
    mark = tmp_path / "mark"
    mark.touch()
    with running_cluster(workers=1):
        honest = submit(acme, "async.wait", 3, mark=str(mark))
        wait_until(lambda: len(mark.read_text().splitlines()) == 3)
        (guilty,) = submit(acme, "async.crash", mark=str(mark), times=3)
        wait_until(lambda: any(task.attempt > 1 for task in rows(honest)))
        mark.with_name("mark.go").touch()
        ended = wait_for([*honest, guilty])
    assert [counted(task) for task in ended] == [UNHARMED] * 3 + [("dead_letter", "worker_crashed", 0, 3)]


def test_tasks_of_a_killed_worker_are_tried_again_and_nobody_is_blamed(acme, clean_database, tmp_path):
    mark = tmp_path / "mark"
    with running_cluster(workers=1) as cluster:
        ids = submit(acme, "async.wait", 5, mark=str(mark))
        wait_until(lambda: mark.exists() and len(mark.read_text().splitlines()) == 5)
        (worker,) = cluster.live_workers()
        os.kill(worker.pid, signal.SIGKILL)
        mark.with_name("mark.go").touch()
        ended = wait_for(ids)
    assert {counted(task) for task in ended} == {UNHARMED}


def test_two_tenants_interleaved_ten_thousand_times_see_no_foreign_row(acme, globex, clean_database):
    ids = [id for tenant in (acme, globex) * 4 for id in submit(tenant, "async.interleave", times=1_250)]
    with running_cluster(workers=1):
        assert [task.result for task in wait_for(ids)] == [0] * 8
