"""When a runner may take a lease that ran out for a death: after a watch without gap and without step."""

import pytest

from queueapp.maintenance.continuity import GRACE_SECONDS, DatabaseWatch, Look

NOON = 1_800_000_000.0  # by the database's clock, at 0 of ours
HOUR = 3600.0


@pytest.fixture
def watch():
    """One that has watched for a minute."""
    watch = DatabaseWatch()
    for second in range(61):
        watch.add(Look(second, NOON + second, second))
    assert watch.is_unbroken
    return watch


def test_a_runner_at_its_start_has_seen_nothing():
    watch = DatabaseWatch()
    assert not watch.is_unbroken
    for second in range(int(GRACE_SECONDS) + 1):
        assert not watch.is_unbroken
        watch.add(Look(second, NOON + second, second))
    assert watch.is_unbroken


def test_looks_seconds_apart_and_slow_ones_are_no_gap(watch):
    watch.add(Look(64, NOON + 64, 64))
    watch.add(Look(64.5, NOON + 64.6, 68.5))
    watch.add(Look(68.5, NOON + 72.4, 72.5))
    assert (watch.is_unbroken, watch.steps) == (True, 0)


@pytest.mark.parametrize("look", [Look(80, NOON + 80, 80), Look(61, NOON + 61, 81), Look(61, NOON + 80, 81)])
def test_after_a_gap_everybody_gets_the_time_to_renew(watch, look):
    """The runner did not ask, or was not answered, for 20 s."""
    watch.add(look)
    assert (watch.is_unbroken, watch.steps) == (False, 0)
    for second in range(1, 13):
        assert not watch.is_unbroken
        watch.add(Look(look.answered_at + second, look.clock + second, look.answered_at + second))
    assert watch.is_unbroken


@pytest.mark.parametrize("step", [HOUR, -HOUR, 3, -3])
def test_after_a_step_everybody_gets_the_time_to_renew(watch, step):
    watch.add(Look(61, NOON + 61 + step, 61))
    assert (watch.is_unbroken, watch.steps) == (False, 1)
    watch.add(Look(65, NOON + 65 + step, 65))
    watch.add(Look(69, NOON + 69 + step, 69))
    watch.add(Look(73, NOON + 73 + step, 73))
    assert (watch.is_unbroken, watch.steps) == (True, 1)


@pytest.mark.parametrize("step", [1, -1])
def test_a_second_changes_nothing(watch, step):
    watch.add(Look(61, NOON + 61 + step, 61))
    assert (watch.is_unbroken, watch.steps) == (True, 0)


def test_a_machine_that_slept_without_its_clock_has_seen_a_step(watch):
    """Our monotonic clock stands still while the machine sleeps; the database's, elsewhere, does not."""
    watch.add(Look(61, NOON + 61 + 60, 61))
    assert not watch.is_unbroken


def test_a_break_in_the_grace_begins_it_anew(watch):
    watch.add(Look(70, NOON + 70, 70))
    watch.add(Look(79, NOON + 79, 79))
    watch.add(Look(83, NOON + 83, 83))
    assert not watch.is_unbroken
