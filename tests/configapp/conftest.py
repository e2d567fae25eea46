"""A worker that brings changes, for all tests of the configuration; and the rates of injection at the end of a run."""

import pytest

from tests.configapp.applying import Bringer

RATES = pytest.StashKey[list[str]]()


@pytest.fixture
def bringer(ground):
    return Bringer()


@pytest.fixture
def report_rate(request):
    """report_rate(line): the line appears at the end of the run."""
    return request.config.stash.setdefault(RATES, []).append


def pytest_terminal_summary(terminalreporter):
    if lines := terminalreporter.config.stash.get(RATES, []):
        terminalreporter.section("injection in configuration values")
        terminalreporter.write("".join(f"{line}\n" for line in lines))
