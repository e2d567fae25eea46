"""The modules of installed apps that tasks are in: imported at the start, so that every process knows every type."""

import logging
from importlib import import_module

from django.apps import apps
from django.utils.module_loading import module_has_submodule

logger = logging.getLogger(__name__)

MODULES = ("handlers", "tasks")
# their users' modules are called `tasks` too
OTHER_QUEUES = ("arq", "celery", "django_rq", "dramatiq", "huey", "procrastinate", "rq", "taskiq")


def import_task_modules() -> None:
    """Whatever a module raises stops the start: a process that lacks a type would refuse its tasks."""
    for name in MODULES:
        for app in apps.get_app_configs():
            if app.module is not None and module_has_submodule(app.module, name):
                _import(f"{app.name}.{name}")


def _import(name: str) -> None:
    try:
        import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in OTHER_QUEUES:
            raise
        # an app that may be used with another queue brings tasks for it, and that queue is not installed
        logger.warning("%s is left out: there is no module %s", name, error.name, extra={"event": "tasks_left_out"})
