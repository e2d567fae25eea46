"""Prints at the end of a run how much of the attack lists was refused, and how much honest text."""

import pytest

RATES = pytest.StashKey[list[str]]()


def pytest_configure(config):
    config.stash[RATES] = []


@pytest.fixture
def report_rate(request):
    """report_rate(line): the line appears at the end of the run."""
    return request.config.stash.setdefault(RATES, []).append


def pytest_terminal_summary(terminalreporter):
    if lines := terminalreporter.config.stash.get(RATES, []):
        terminalreporter.section("injection in configuration values")
        terminalreporter.write("".join(f"{line}\n" for line in lines))
