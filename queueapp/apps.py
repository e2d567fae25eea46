"""Starts the platform inside Django."""

from importlib import import_module
from types import ModuleType

from django.apps import AppConfig

from queueapp.masked_logs import mask_logs
from queueapp.worker.processes.django_q_settings import set_before_django_q_is_imported


class QueueappConfig(AppConfig):
    name = "queueapp"
    verbose_name = "Taskrunner"
    grants_its_own_tables = True

    def __init__(self, app_name: str, app_module: ModuleType) -> None:
        super().__init__(app_name, app_module)
        set_before_django_q_is_imported()

    def ready(self) -> None:
        mask_logs()
        import_module("queueapp.receivers")  # needs the models, so not before now
        import_module("queueapp.checks")
        # these register their hooks
        import_module("queueapp.maintenance.expiry")
        import_module("queueapp.maintenance.expired_tasks")  # before what is due is queued
        import_module("queueapp.maintenance.jobs")
        import_module("queueapp.schedules.declared")
        import_module("queueapp.runs.around_attempt")
        import_module("queueapp.maintenance.pauses")
        import_module("queueapp.maintenance.retention")
        import_module("queueapp.maintenance.partitions")
        import_module("queueapp.maintenance.object_sweeper")
        import_module("queueapp.builtin_handlers")
        import_module("queueapp.typed.discovery").import_task_modules()
