"""The admin pages: tasks, queues, workers, tenants and the records, for staff."""

from importlib import import_module

from django.apps import apps
from django.contrib import admin

from queueapp.admin import audit, queues, runs, schedules, tasks, tenants, workers
from queueapp.worker.processes import django_q_settings

__all__ = ["audit", "queues", "runs", "schedules", "tasks", "tenants", "workers"]

# django-q2's own pages can run any callable and bypass the state machine. Where it stands before us, the project uses
# it for itself, and its pages stay.
if django_q_settings.is_ours():
    import_module("django_q.admin")  # which registers them
    for model in apps.get_app_config("django_q").get_models():
        if admin.site.is_registered(model):
            admin.site.unregister(model)
