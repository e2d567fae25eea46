"""Starts the platform inside Django."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class QueueappConfig(AppConfig):
    name = "queueapp"
    verbose_name = "Taskrunner"
    grants_its_own_tables = True

    def ready(self) -> None:
        import_module("queueapp.receivers")  # needs the models, so not before now
        import_module("queueapp.checks")
        # these register their hooks
        import_module("queueapp.maintenance.jobs")
        import_module("queueapp.runs.around_attempt")
        import_module("queueapp.maintenance.retention")
        import_module("queueapp.maintenance.object_sweeper")
        import_module("queueapp.builtin_handlers")
        autodiscover_modules("handlers")
