"""Django's system checks of the platform. Those of the database run with `check --database default` and migrate."""

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from queueapp import conf
from queueapp.worker.processes import django_q_settings

NEEDED_APPS = ("django_q", "rest_framework", "django.contrib.postgres")


@register("taskrunner")
def check_setting(**_: Any) -> list[CheckMessage]:
    """Everything that is wrong with TASKRUNNER."""
    hint = f"Correct {conf.SETTING} in the settings; docs/install.md lists its keys."
    return [Error(fault, hint=hint, id="taskrunner.E001") for fault in conf.faults()]


@register("taskrunner")
def check_apps(**_: Any) -> list[CheckMessage]:
    """The apps that the platform stands on."""
    return [
        Error(
            f"{name} is not installed, and queueapp needs it.",
            hint=f'Add "{name}" to INSTALLED_APPS, after "queueapp".',
            id="taskrunner.E002",
        )
        for name in NEEDED_APPS
        if not apps.is_installed(name)
    ]


@register("taskrunner")
def check_django_q(**_: Any) -> list[CheckMessage]:
    """A Q_CLUSTER of the project's own, which nobody reads where django-q2 is ours."""
    written = getattr(settings, "Q_CLUSTER", None)
    if not django_q_settings.is_ours() or written == django_q_settings.Q_CLUSTER:
        return []
    hint = "Remove Q_CLUSTER; or list queueapp after django_q to keep django-q2, and run our workers as "
    return [
        checks.Warning("Q_CLUSTER is not used.", hint=hint + "`manage.py taskrunner_worker`.", id="taskrunner.W001")
    ]


@register(Tags.database)
def check_login(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """A login that row-level security would not bind is refused as soon as it connects (tenancy/guard.py)."""
    errors: list[CheckMessage] = []
    for alias in databases or ():
        try:
            connections[alias].ensure_connection()
        except ImproperlyConfigured as error:
            errors.append(Error(str(error), id="taskrunner.E003"))
    return errors
