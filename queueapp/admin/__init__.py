"""The admin site: tasks, queues, workers, tenants and the records, for staff."""

from django.contrib import admin
from django_q import admin as django_q

from queueapp.admin import audit, queues, runs, tasks, tenants, workers

__all__ = ["audit", "queues", "runs", "tasks", "tenants", "workers"]

admin.site.site_header = admin.site.site_title = "Taskrunner"
admin.site.site_url = None  # there is no other page to view

# django-q2's own pages can run any callable and bypass the state machine.
for model in (django_q.Success, django_q.Failure, django_q.Schedule, django_q.OrmQ):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
