"""How django-q2 is configured. Projects set nothing of it: `qcluster` works without Q_CLUSTER."""

from typing import Any

from django.conf import settings

Q_CLUSTER: dict[str, Any] = {
    "name": "taskrunner",
    "broker_class": "queueapp.worker.processes.broker.ServeBroker",
    "recycle": 1,  # counts messages, and a message is a whole serving life: see main_loop.py
    "guard_cycle": 1,  # in seconds; one that ends is replaced at once: see DrainOrder
    "scheduler": False,
    "save_limit": -1,
    "timeout": -1,  # serving has no end; the watchdog times each task
    "sync": False,
    "log_level": "WARNING",
}
ATTRIBUTES = {"name": "PREFIX"}  # of django_q.conf.Conf, where it is not the key in upper case


def is_ours() -> bool:
    """Whether django-q2 serves Taskrunner alone: queueapp stands before it. After it, it stays the project's own."""
    packages = [app.partition(".")[0] for app in settings.INSTALLED_APPS]
    try:
        return packages.index("queueapp") < packages.index("django_q")
    except ValueError:
        return False  # one is missing, which checks.py reports


def set_before_django_q_is_imported() -> None:
    """Give django-q2 our configuration, so that its other commands (qinfo, qmonitor) find our clusters."""
    if is_ours():
        settings.Q_CLUSTER = Q_CLUSTER
