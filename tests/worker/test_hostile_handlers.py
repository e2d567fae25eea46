"""Whatever a handler raises, leaves open, changes or starts is its own; the next tenant's task finds none of it."""

from tests.clusters import running_cluster
from tests.samples.hell import HELL, HELL_TYPES, REPLACED
from tests.worker.hostile import is_running, run_alone, run_pairs


def test_every_misbehaviour_ends_its_own_task_and_harms_no_other_in_its_process(acme, globex, tmp_path):
    """One worker: the honest task after each is the next that its process runs."""
    mark = tmp_path / "mark"
    with running_cluster(workers=1) as cluster:
        types = [type for type in HELL_TYPES if type not in REPLACED]
        first, pairs = run_pairs(types, acme, globex, mark=str(mark))
        left = [pid for pid in map(int, mark.read_text().split()) if is_running(pid)]
        (worker,) = cluster.live_workers()
    expected = {type: ("dead_letter", code, 1, 0) if code else ("completed", "", 0, 0) for type, code in HELL.items()}
    assert {pair.type: pair.outcome for pair in pairs} == {type: expected[type] for type in types}
    assert [pair.type for pair in pairs if not pair.unharmed] == []
    assert {pair.type: pair.honest.result for pair in pairs if pair.honest.result != first} == {}
    assert worker.pid == first["pid"]
    assert left == []


def test_the_helpers_of_multiprocessing_are_no_programs_left_and_the_next_attempt_gets_new_ones(acme, globex):
    with running_cluster(workers=1) as cluster:
        first, pairs = run_pairs(["hell.helpers_of_multiprocessing"] * 2, acme, globex)
        cluster.log.seek(0)
        log = cluster.log.read()
    assert [pair.hostile.result for pair in pairs] == [[0], [0]]
    assert [pair.honest.result for pair in pairs] == [first, first]
    assert "hell.helpers_of_multiprocessing left behind" not in log
    assert "died unexpectedly" not in log


def test_a_process_in_which_a_handler_left_threads_is_replaced(acme, globex):
    """One task after the other: a worker may find a type that is new to it later than what was submitted after it."""
    with running_cluster(workers=1):
        runs = [
            (run_alone("hell.probe", globex), run_alone(type, acme), run_alone("hell.probe", globex))
            for type in sorted(REPLACED)
        ]
    for before, hostile, after in runs:
        for task in (before, hostile, after):
            assert (task.status, task.error_code, task.attempt, task.crash_count) == ("completed", "", 1, 0)
        assert after.result == before.result | {"pid": after.result["pid"]}
        assert after.result["pid"] != before.result["pid"]
