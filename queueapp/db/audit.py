"""Records of other apps in the view taskrunner_acts, and so in taskrunner_audit, the one stream of who did what."""

from django.db import router
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

VIEW = "taskrunner_acts"
PARTS = "UNION ALL"


class AuditedTable(Operation):
    """Adds the rows of a table to the view: an app's migration names it when the table and its rights are there.

    `columns` are SQL for those of the view, in its order: id (a uuid that sorts by time), at, tenant_id, source, actor,
    action, target (these four as text, cast where they are not), detail (jsonb). The list of acts finds rows by the id,
    and by actor, action or target with it: the table has an index for each.
    """

    reduces_to_sql = True

    def __init__(self, table: str, columns: str) -> None:
        self.table, self.columns = table, columns

    def describe(self) -> str:
        return f"Rows of {self.table} in {VIEW}"

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Models stay as they are."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if router.allow_migrate(schema_editor.connection.alias, app_label):
            added = f"SELECT {self.columns} FROM {self.table}"  # noqa: S608 (both are written in a migration)
            _replace(schema_editor, [*_parts(schema_editor), added])

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if router.allow_migrate(schema_editor.connection.alias, app_label):
            _replace(schema_editor, [part for part in _parts(schema_editor) if f"FROM {self.table}" not in part])


def _parts(editor: BaseDatabaseSchemaEditor) -> list[str]:
    """The queries that the view is made of, as PostgreSQL writes them."""
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_viewdef(%s::regclass)", [VIEW])
        (definition,) = cursor.fetchone() or ("",)
    return str(definition).rstrip().removesuffix(";").split(PARTS)


def _replace(editor: BaseDatabaseSchemaEditor, parts: list[str]) -> None:
    editor.execute(
        f"CREATE OR REPLACE VIEW {VIEW} WITH (security_invoker = true) AS {PARTS.join(f' {part} ' for part in parts)}",
        params=None,
    )
