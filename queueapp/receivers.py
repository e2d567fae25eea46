"""What the platform does on Django's signals."""

from typing import Any

from django.db import connections
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from queueapp.handlers import registered_handlers
from queueapp.models import Queue
from queueapp.tenancy.grants import grant_after_migrate
from queueapp.tenancy.guard import watch_connection

connection_created.connect(watch_connection)


@receiver(post_migrate)
def prepare_database(sender: Any, using: str, **_: Any) -> None:
    """After the last app's migrations: the queues that handlers name, then the login's grants."""
    # after `migrate queueapp zero` there is no table to fill
    if sender.name != "queueapp" or Queue._meta.db_table not in connections[using].introspection.table_names():
        return
    names = {"default", *(handler.queue for handler in registered_handlers())}
    queues = [Queue(name=name) for name in sorted(names)]
    Queue.objects.using(using).bulk_create(queues, ignore_conflicts=True)


post_migrate.connect(grant_after_migrate)
