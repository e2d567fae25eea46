"""The rows that every installation needs. Made after each migrate, and again after the flush of a test."""

from collections.abc import Iterator

from django.conf import settings
from django.db import connections

from queueapp import conf
from queueapp.handlers import registered_handlers
from queueapp.models import Queue, Tenant
from queueapp.models.tenants import MAIN_TENANT, MAIN_TENANT_SLUG, SYSTEM_TENANT_SLUG
from queueapp.tenancy.scopes import migration_scope

DEFAULT_QUEUE, PLATFORM_QUEUE = "default", "platform"
DJANGO_TASKS_BACKEND = "queueapp.contrib.django_tasks.Backend"


def make_required_rows(alias: str) -> None:
    """The platform's own tenant, in `single` the one of the project, and the queues that handlers and TASKS name."""
    tenants = [Tenant(slug=SYSTEM_TENANT_SLUG, name="The platform itself")]
    if conf.settings.isolation == "single":
        tenants.append(Tenant(id=MAIN_TENANT, slug=MAIN_TENANT_SLUG, name="Main"))
    names = {
        DEFAULT_QUEUE,
        PLATFORM_QUEUE,
        *(handler.queue for handler in registered_handlers()),
        *queues_of_django_tasks(),
    }
    with migration_scope(alias):
        Tenant.objects.using(alias).bulk_create(tenants, ignore_conflicts=True)
        Queue.objects.using(alias).bulk_create([Queue(name=name) for name in sorted(names)], ignore_conflicts=True)


def queues_of_django_tasks() -> Iterator[str]:
    """What Django's setting TASKS names for our backend."""
    for backend in getattr(settings, "TASKS", {}).values():
        if backend["BACKEND"] == DJANGO_TASKS_BACKEND:
            yield from backend.get("QUEUES", [])


def has_tables(alias: str) -> bool:
    """Whether the platform's tables are in this database: a project may have several, and none after `zero`."""
    database = connections[alias]
    return database.vendor == "postgresql" and Queue._meta.db_table in database.introspection.table_names()
