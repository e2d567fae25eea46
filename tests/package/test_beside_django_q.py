"""A project that runs django-q2 itself: it stays as it is, and our workers start under a name of their own."""

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
