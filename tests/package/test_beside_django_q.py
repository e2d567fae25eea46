"""A project that runs django-q2 itself: it stays as it is, and our workers start under a name of their own."""

import pytest

from tests.package.cells import cells_of
from tests.package.test_first_handler import state, submit
from tests.waiting import wait_until

SETTINGS = """
INSTALLED_APPS = [app for app in INSTALLED_APPS if app not in ("django_q", "queueapp")] + ["django_q", "queueapp"]
Q_CLUSTER = {"name": "shop", "orm": "default", "workers": 1, "timeout": 60, "retry": 120, "poll": 0.1}
"""
ASKED = """
from django.conf import settings
from django.contrib import admin
from django.core.management import get_commands
from django_q.models import Schedule
print(get_commands()["qcluster"], settings.Q_CLUSTER["name"], admin.site.is_registered(Schedule))
"""
TASK = """
from queueapp import task


@task
def add_up(first: int, second: int) -> int:
    return first + second
"""
THEIRS = """
from django_q.tasks import async_task, schedule
async_task("shop.tasks.add_up", 1, second=2)
schedule("shop.tasks.add_up", 3, second=4)
schedule("shop.tasks.add_up", 5, second=6, schedule_type="D")
async_task("math.sqrt", 49)
"""
OURS = """
from queueapp.models import Schedule, Task
from queueapp.tenancy import operator_scope
with operator_scope("operator:test"):
    print(sorted(map(str, Task.objects.values_list("result", flat=True))), Schedule.objects.get().params)
"""
ENQUEUE = "from django_q.tasks import async_task; print(async_task('math.sqrt', 49))"
RESULT = "from django_q.tasks import result; print(result({id!r}))"


def test_both_run_side_by_side(make_host, single_cell):
    host = make_host(single_cell)
    host.add_settings(SETTINGS)
    host.manage("migrate", "-v", "0")
    assert host.shell(ASKED) == "django_q shop True"
    theirs, ours = host.shell(ENQUEUE), submit(host, "shop.greet", {"name": "Ada"})
    with host.cluster("qcluster"), host.cluster("taskrunner_worker"):
        wait_until(lambda: host.shell(RESULT.format(id=theirs)) == "7.0")
        wait_until(lambda: state(host, ours) == "completed Hello, Ada!")


@pytest.mark.parametrize("cell", cells_of("single")[-1:], ids=str)
def test_what_is_theirs_is_moved_here_once(make_host, cell):
    host = make_host(cell)
    host.add_settings(SETTINGS)
    with (host.directory / "shop" / "tasks.py").open("a") as file:
        file.write(TASK)
    host.manage("migrate", "-v", "0")
    host.shell(THEIRS)
    assert "3 moves, 1 unknown. Nothing was written" in host.manage("import_django_q")
    assert "3 moved, 1 unknown." in host.manage("import_django_q", "--write")
    assert host.manage("import_django_q", "--write").endswith("\n1 unknown.\n")
    with host.cluster("taskrunner_worker"):
        wait_until(lambda: host.shell(OURS) == "['3', '7'] {'first': 5, 'second': 6}")
