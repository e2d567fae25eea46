"""Taking a database from `single` to `rls`."""

from collections.abc import Iterator

from django.db import connections, transaction
from django.db.migrations.loader import MigrationLoader

from queueapp.db.operations import IsolationOperation
from queueapp.tenancy.grants import grant_to_logins, revoke_everything


def isolate(alias: str) -> Iterator[str]:
    """Run what depends on the isolation level again, for `rls`, and yield what is done.

    Each operation is a transaction of its own and may run twice, so that a run which was cut off is simply run again.
    The database counts as isolated only when the last is done, and the app's login has its rights in `rls`.
    """
    database = connections[alias]
    for operation in _operations(alias):
        with transaction.atomic(using=alias), database.schema_editor(atomic=False) as editor:
            operation.apply_again(editor, "rls")
        yield operation.describe()
    with transaction.atomic(using=alias), database.cursor() as cursor:
        revoke_everything(database)
        grant_to_logins(database, "rls")
        cursor.execute("UPDATE taskrunner_installation SET isolation = 'rls'")


def _operations(alias: str) -> Iterator[IsolationOperation]:
    """Those of all migrations that were applied, of the host's apps too, in the order of the migrations."""
    loader = MigrationLoader(connections[alias])
    plan = [key for leaf in loader.graph.leaf_nodes() for key in loader.graph.forwards_plan(leaf)]
    for key in dict.fromkeys(plan):
        if key in loader.applied_migrations:
            operations = loader.graph.nodes[key].operations
            yield from (operation for operation in operations if isinstance(operation, IsolationOperation))
