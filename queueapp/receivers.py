"""What the platform does on Django's signals."""

import logging
from collections.abc import Sequence
from typing import Any

from django.core.signals import request_started
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from queueapp import installation
from queueapp.db import driver
from queueapp.schedules.declared import reconcile
from queueapp.tenancy import system_scope
from queueapp.tenancy.grants import grant_after_migrate
from queueapp.tenancy.guard import watch_connection

logger = logging.getLogger(__name__)

connection_created.connect(watch_connection)


@receiver(request_started)
def leave_read_only_session(**_: Any) -> None:
    """One that began while the database took no writes stays so; a standby's is at the wrong server."""
    session = connection.connection
    if session is not None and driver.is_read_only(session) and not connection.in_atomic_block:
        connection.close()


@receiver(post_migrate)
def complete_installation(sender: Any, using: str, plan: Sequence[tuple[Any, bool]] = (), **_: Any) -> None:
    """Once a migrate, when the tables of all apps are there; `plan` is what it did, nothing where a test flushes."""
    if sender.name == "queueapp" and installation.has_tables(using):
        grant_after_migrate(connections[using])
        installation.make_required_rows(using)
        if using == DEFAULT_DB_ALIAS:  # else a cluster does it at its start, by the app's own login
            with system_scope("migrate"):
                reconcile()
        made = [f"{migration.app_label}.{migration.name}" for migration, backwards in plan if not backwards]
        if made:
            logger.info("migrated", extra={"event": "db_migrations_applied", "migrations": made, "database": using})
