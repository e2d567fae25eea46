"""Every migration after the first of its app goes one step back and forward again, with rows in every table."""

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader

from queueapp.models import Tenant
from queueapp.models.base import new_id
from queueapp.tenancy import operator_scope, tenant_scope
from tests.database.test_migrations import CATALOGUE
from tests.database_fixture import empty_everything
from tests.factories import create_task
from tests.samples.models import SampleNote
from tests.tenancy.rows import fill, fill_shared

APPS = ("queueapp", "configapp", "workloads", "samples")
STEPS = [
    (app, before, name)
    for (app, name), migration in sorted(MigrationLoader(None).disk_migrations.items())
    for parent_app, before in migration.dependencies
    if parent_app == app in APPS
]
OUR_TABLES = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname !~ '^(auth|django)_'
"""


def migrate(*target: str) -> None:
    call_command("migrate", *target, database="owner", verbosity=0)


def catalogue() -> list[str]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(CATALOGUE)
        return [line for (line,) in cursor.fetchall()]


def contents() -> dict[str, list[str]]:
    """All values of each column of our tables."""
    values = {}
    with operator_scope("operator:test"), connection.cursor() as cursor:
        cursor.execute(OUR_TABLES)
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT * FROM {table}")
            rows = cursor.fetchall()
            for place, column in enumerate(cursor.description):
                values[f"{table}.{column.name}"] = sorted(repr(row[place]) for row in rows)
    return values


def catalogue_made_forward(app: str, migration: str) -> list[str]:
    """As migrations make it that were never beyond this one."""
    migrate(app, migration)
    applied = sorted(MigrationLoader(connections["owner"]).applied_migrations)
    migrate(app, "zero")
    for target in {app: name for app, name in applied if app in APPS}.items():  # the last of each app
        migrate(*target)
    return catalogue()


def fill_everything() -> None:
    """A row in every table of ours."""
    with operator_scope("operator:test"):
        tenant = Tenant.objects.create(slug="acme", name="Acme")
    worker_id = new_id()
    fill(tenant, worker_id)
    fill_shared(worker_id)
    create_task("queued", tenant, requirements={"region": "eu"})  # no claimer has listed its partition
    with tenant_scope(tenant.id):
        SampleNote.objects.create(tenant=tenant, text="kept", topic="migrations")
    assert [column for column, values in contents().items() if not values] == []


@pytest.fixture
def migrated_at_the_end(clean_database):
    yield
    migrate()


@pytest.mark.parametrize(("app", "before", "migration"), STEPS, ids=[f"{app}-{name}" for app, _, name in STEPS])
def test_a_step_back_and_forward_keeps_rows_and_catalogue(migrated_at_the_end, app, before, migration):
    catalogue_before = catalogue_made_forward(app, before)
    migrate()
    empty_everything()  # and forget the rows that were there
    fill_everything()
    migrate(app, migration)  # what came later goes
    catalogue_after, at_first = catalogue(), contents()
    migrate(app, before)
    assert catalogue() == catalogue_before
    stepped_back = contents()
    migrate(app, migration)
    assert catalogue() == catalogue_after
    again = contents()
    lasting = at_first.keys() & stepped_back.keys()  # not the columns that this migration itself adds
    assert [column for column in lasting if not at_first[column] == stepped_back[column] == again[column]] == []
