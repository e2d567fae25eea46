"""A worker that brings changes and an admin who sends them, for all tests here; the rates of injection of a run."""

import pytest

from tests.configapp.applying import ConfigWorker
from tests.rest.calling import Api, key_for


@pytest.fixture
def config_worker(clean_database):
    return ConfigWorker()


@pytest.fixture
def admin(acme):
    return Api(key_for(acme, "admin"))


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
