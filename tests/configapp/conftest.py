"""A worker that brings changes, for all tests of the configuration; and the rates of injection at the end of a run."""

import pytest

from tests.configapp.applying import ConfigWorker


@pytest.fixture
def config_worker(clean_database):
    return ConfigWorker()


@pytest.fixture
def report_rate(request):
    """report_rate(line): the line appears at the end of the run."""
    # a property of the report, which finds its way to whichever process prints the summary
    return lambda line: request.node.user_properties.append(("rate", line))


def pytest_terminal_summary(terminalreporter):
    reports = terminalreporter.stats.get("passed", [])
    if lines := [line for report in reports for name, line in report.user_properties if name == "rate"]:
        terminalreporter.section("injection in configuration values")
        terminalreporter.write("".join(f"{line}\n" for line in lines))
