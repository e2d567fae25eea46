"""How long a poll is put off after one that took long."""

from types import SimpleNamespace

import pytest

from queueapp.claiming import duty_cycle
from queueapp.claiming.duty_cycle import LONGEST_WAIT_SECONDS, DutyCycle


@pytest.mark.parametrize(
    ("took_seconds", "wait_seconds"),
    [(0.01, 0), (0.1, 1.9), (1.0, LONGEST_WAIT_SECONDS), (60.0, LONGEST_WAIT_SECONDS)],
)
def test_a_poll_waits_for_its_share_of_the_time_and_never_for_long(monkeypatch, took_seconds, wait_seconds):
    clock = SimpleNamespace(monotonic=lambda: clock.now, now=1000.0)
    monkeypatch.setattr(duty_cycle, "time", clock)
    cycle = DutyCycle()
    with cycle.poll():
        clock.now += took_seconds
    ended = clock.now
    if wait_seconds:
        clock.now = ended + wait_seconds - 0.001
        assert not cycle.allows
    clock.now = ended + wait_seconds + 0.001
    assert cycle.allows
