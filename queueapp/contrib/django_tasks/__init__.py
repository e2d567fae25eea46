"""The backend of `django.tasks`, Django's own interface to background tasks.

    TASKS = {"default": {"BACKEND": "queueapp.contrib.django_tasks.Backend", "QUEUES": ["default", "mails"]}}

Django has the interface from 6.0 on; on 5.2 it is that of the package django-tasks, its backport. Importable before the
apps are ready, since a module with tasks may be.
"""

from queueapp.contrib.django_tasks.backend import Backend

__all__ = ["Backend"]
