"""Claimers and maintenance runners of the test process, on however slow a machine."""

import pytest

from queueapp.claiming.duty_cycle import DutyCycle


@pytest.fixture(autouse=True)
def a_look_whenever_one_is_wanted(monkeypatch):
    """Looks get a share of the time; no test may depend on how long one took."""
    monkeypatch.setattr(DutyCycle, "allows", True)
