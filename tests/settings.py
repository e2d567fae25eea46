"""The real settings, and an app of sample handlers and tasks."""

from taskrunner import settings as real
from taskrunner.settings import *

INSTALLED_APPS = [*real.INSTALLED_APPS, "tests.samples", "django_tasks"]
TASKS = {"default": {"BACKEND": "queueapp.contrib.django_tasks.Backend", "QUEUES": ["default", "reports", "mails"]}}
WHITENOISE_AUTOREFRESH = True  # static files need not be collected for a test
