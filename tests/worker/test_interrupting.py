"""A handler's time: all of timeout_seconds, a soft timeout that it may catch, and what it waits for ends with it."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from queueapp import handlers, tasks
from tests.clusters import running_cluster
from tests.factories import fresh
from tests.samples.hell import Hell
from tests.waiting import wait_until
from tests.worker.hostile import ended, is_running


def run_time(task):
    return (task.finished_at - task.started_at).total_seconds()


def test_limits_are_kept_to_the_second_and_told_to_the_handler(acme, clean_database, tmp_path):
    with running_cluster(workers=4) as cluster:
        whole = tasks.submit("sample.record", {"seconds": 5.1}, tenant_id=acme.id, timeout_seconds=6)
        beyond = tasks.submit("sample.sleep", {}, tenant_id=acme.id, timeout_seconds=1)
        caught = tasks.submit("hell.cleans_up", {}, tenant_id=acme.id)
        unheard = tasks.submit("hell.hears_nothing_of_it", {}, tenant_id=acme.id)
        wait_until(lambda: all(ended(task) for task in (whole, beyond, caught, unheard)))
        assert len(cluster.live_workers()) == 4
    whole, beyond, caught, unheard = map(fresh, (whole, beyond, caught, unheard))
    assert (whole.status, whole.attempt) == ("completed", 1)
    assert (beyond.error_code, beyond.failures, beyond.crash_count) == ("task_runtime_exceeded", 1, 0)
    assert beyond.error_message == "Interrupted after its limit of 1 s."
    assert run_time(beyond) >= 1
    assert (caught.status, caught.result) == ("completed", "cleaned up")
    assert (unheard.error_code, unheard.crash_count) == ("task_runtime_exceeded", 0)
    assert "0.3 s, its type's soft_timeout_seconds" in unheard.error_message


def test_a_cancel_ends_the_program_that_the_handler_waits_for_in_c(acme, clean_database, tmp_path):
    mark = tmp_path / "mark"
    with running_cluster(workers=1) as cluster:
        (worker,) = cluster.live_workers()
        task = tasks.submit("hell.waits_for_a_program", {"mark": str(mark)}, tenant_id=acme.id)
        wait_until(lambda: mark.exists() and "sleep" in names_of(cluster))
        tasks.cancel(task.id, tenant_id=acme.id)
        wait_until(lambda: fresh(task).status == "cancelled")
        assert "sleep" not in names_of(cluster)
        assert [each.id for each in cluster.live_workers()] == [worker.id]
        assert is_running(worker.pid)


def names_of(cluster):
    return [process.name() for process in cluster.family() if is_running(process.pid)]


@pytest.mark.parametrize("soft", [0, -1, 300, 301])
def test_a_soft_timeout_lies_before_the_limit(soft, monkeypatch):
    monkeypatch.setattr(handlers, "_handlers", {})
    with pytest.raises(ImproperlyConfigured, match=rf"soft_timeout_seconds={soft}, .* timeout_seconds=300"):
        handlers.handler("x.y", params=Hell, soft_timeout_seconds=soft)(print)
    assert handlers.find_handler("x.y") is None
