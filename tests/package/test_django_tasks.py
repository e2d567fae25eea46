"""The backend of `django.tasks` in projects whose Django has it."""

import re

import pytest

from tests.package.cells import cells_to_test
from tests.package.django_suite import fetch_sources, write_suite
from tests.package.test_first_handler import tenant_of
from tests.waiting import wait_until

CELLS = [cell for cell in cells_to_test() if cell.django >= "6.0"]
LEAST_TESTS = 50  # of Django's that run here
SETTING = """
TASKS = {{"default": {{"BACKEND": "queueapp.contrib.django_tasks.Backend", "OPTIONS": {options}}}}}
"""
ENQUEUE = "from shop.tasks import add; print(add.enqueue(1, second=2).id)"
STATE = "from shop.tasks import add; result = add.get_result({id!r}); print(result.status, result.attempts)"
VALUE = "from shop.tasks import add; print(add.get_result({id!r}).return_value)"


@pytest.fixture(scope="module", params=CELLS, ids=str)
def host(request, make_host):
    """A project that has set the backend, migrated."""
    host = make_host(request.param)
    tenant = tenant_of(host)
    host.add_settings(SETTING.format(options={"TENANT": tenant} if tenant else {}))
    host.manage("migrate", "-v", "0")
    if tenant:
        host.manage("createtenant", tenant)
    return host


def test_a_task_runs_and_its_result_is_read(host):
    id = host.shell(ENQUEUE)
    with host.cluster():
        wait_until(lambda: host.shell(STATE.format(id=id)) == "SUCCESSFUL 1")
    assert host.shell(VALUE.format(id=id)) == "3"


@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell.isolation == "single"], ids=str)
def test_djangos_own_tests_pass(cell, make_host, tmp_path):
    host = make_host(cell)
    version = host.run("-c", "import django; print(django.__version__)").strip()
    write_suite(fetch_sources(version, tmp_path), host.directory)
    said = host.manage("test", "tasks", "-v", "1", errors=True)
    assert int(re.search(r"Ran (\d+) tests", said)[1]) >= LEAST_TESTS, said
    assert "\nOK" in said, said
