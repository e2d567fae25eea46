"""Django's system checks of the platform: run by `manage.py check --database default`, and by migrate."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connections


@register(Tags.database)
def check_login(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """A login that row-level security would not bind is refused as soon as it connects (tenancy/guard.py)."""
    errors: list[CheckMessage] = []
    for alias in databases or ():
        try:
            connections[alias].ensure_connection()
        except ImproperlyConfigured as error:
            errors.append(Error(str(error), id="queueapp.E001"))
    return errors
