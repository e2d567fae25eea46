"""What the platform does on Django's signals."""

from typing import Any

from django.db import connections
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from queueapp import installation
from queueapp.tenancy.grants import grant_after_migrate
from queueapp.tenancy.guard import watch_connection

connection_created.connect(watch_connection)


@receiver(post_migrate)
def complete_installation(sender: Any, using: str, **_: Any) -> None:
    """Once a migrate, when the tables of all apps are there."""
    if sender.name == "queueapp" and installation.has_tables(using):
        grant_after_migrate(connections[using])
        installation.make_required_rows(using)
