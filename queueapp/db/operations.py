"""Migration operations: schema files, roles, and who may do what with a table.

What they do depends on the isolation level of the database: in `single` there are no roles, and append-only tables are
kept by triggers; in `rls` by rights and policies. `manage.py isolate` runs them again when a database moves to `rls`,
so running one twice does no harm.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from django.apps import apps
from django.db import router
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from queueapp.db.installation import Isolation, fill, isolation_to_migrate
from queueapp.db.roles import create_missing_roles

ALL = "SELECT, INSERT, UPDATE, DELETE"
# The rows of the tenant that the scope names, and those of the worker that it names. A sub-select is evaluated once a
# statement. Without a scope the setting is not set, or '' once it was: then there are no such rows.
TENANT_ID = "(SELECT nullif(current_setting('taskrunner.tenant_id', true), '')::uuid)"
WORKER_ID = "(SELECT nullif(current_setting('taskrunner.worker_id', true), '')::uuid)"
TENANT_ROWS = f"tenant_id = {TENANT_ID}"

_PRIVILEGE = re.compile(r"(SELECT|INSERT|UPDATE|DELETE)(\s*\([^)]*\))?")
_CREATED = re.compile(
    r"CREATE (?:OR REPLACE )?(FUNCTION|VIEW|SEQUENCE|TABLE) (\w+)|ALTER TABLE (\w+) ADD CONSTRAINT (\w+)"
)


def _quoted(table: str) -> str:
    """A table's name as Django writes it: `order` may be one, and a name may hold capitals."""
    return table if table.startswith('"') else f'"{table}"'


class IsolationOperation(Operation):
    """Base of the operations that `manage.py isolate` runs again."""

    reduces_to_sql = True

    def statements(self, isolation: Isolation) -> Iterable[str]:
        """The SQL that makes it so, whatever was there before; with placeholders (db/installation.py)."""
        raise NotImplementedError

    def undo_statements(self, isolation: Isolation) -> Iterable[str]:
        """The SQL that takes it back."""
        raise NotImplementedError

    def apply(self, editor: BaseDatabaseSchemaEditor, isolation: Isolation) -> None:
        for statement in self.statements(isolation):
            editor.execute(fill(statement, editor.connection, isolation), params=None)

    def apply_again(self, editor: BaseDatabaseSchemaEditor, isolation: Isolation) -> None:
        """Move what was made for another isolation level to this one."""
        self.apply(editor, isolation)

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Models stay as they are."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if router.allow_migrate(schema_editor.connection.alias, app_label):
            self.apply(schema_editor, isolation_to_migrate(schema_editor.connection))

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if router.allow_migrate(schema_editor.connection.alias, app_label):
            isolation = isolation_to_migrate(schema_editor.connection)
            for statement in self.undo_statements(isolation):
                schema_editor.execute(fill(statement, schema_editor.connection, isolation), params=None)


class SchemaFiles(IsolationOperation):
    """Run files of an app's schema/ folder, in this order: `20_tasks.sql` always, `15_who.rls.sql` only in `rls`.

    Backwards drops the tables, views, functions, sequences and constraints that the files create, with what depends
    on them.
    """

    def __init__(self, app: str, *names: str) -> None:
        self.app, self.names = app, names

    def describe(self) -> str:
        return f"Schema files {', '.join(self.names)}"

    def statements(self, isolation: Isolation) -> Iterable[str]:
        return map(self._read, self._names_for(isolation))

    def undo_statements(self, isolation: Isolation) -> Iterable[str]:
        created = [found for text in self.statements(isolation) for found in _CREATED.findall(text)]
        for kind, name, table, constraint in reversed(created):
            if table:
                yield f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {constraint} CASCADE"
            else:
                yield f"DROP {kind} IF EXISTS {name} CASCADE"

    def apply_again(self, editor: BaseDatabaseSchemaEditor, isolation: Isolation) -> None:
        for name in self.names:
            if name.endswith(f".{isolation}.sql"):  # the others are there
                editor.execute(fill(self._read(name), editor.connection, isolation), params=None)

    def _names_for(self, isolation: Isolation) -> list[str]:
        other = {"rls": ".single.sql", "single": ".rls.sql"}[isolation]
        return [name for name in self.names if not name.endswith(other)]

    def _read(self, name: str) -> str:
        return (Path(apps.get_app_config(self.app).path) / "schema" / name).read_text()


class CascadeInDatabase(Operation):
    """Rows go with the row that their foreign key refers to, deleted by the database itself.

    Django's own cascade is a query outside any scope, wherever a project deletes that row. The field is declared
    with `on_delete=DO_NOTHING, db_constraint=False`.
    """

    reduces_to_sql = True

    def __init__(self, model: str, field: str) -> None:
        self.model, self.field = model, field

    def describe(self) -> str:
        return f"Rows of {self.model} go with their {self.field}"

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The model says it already."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model)
        field = model._meta.get_field(self.field)
        target, quote = field.related_model._meta, schema_editor.quote_name
        if router.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.execute(
                f"ALTER TABLE {quote(model._meta.db_table)} ADD CONSTRAINT {self._constraint}"
                f" FOREIGN KEY ({quote(field.column)}) REFERENCES {quote(target.db_table)} ({quote(target.pk.column)})"
                " ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED"
            )

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model)
        if router.allow_migrate_model(schema_editor.connection.alias, model):
            table = schema_editor.quote_name(model._meta.db_table)
            schema_editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {self._constraint}")

    @property
    def _constraint(self) -> str:
        return f"tr_{self.model}_goes_with_{self.field}"


class Roles(IsolationOperation):
    """In `rls`, make the roles that are missing. Roles belong to the whole server, so they are never dropped."""

    def describe(self) -> str:
        return "Roles of row-level security"

    def apply(self, editor: BaseDatabaseSchemaEditor, isolation: Isolation) -> None:
        if isolation == "rls":
            create_missing_roles(editor.connection)
            super().apply(editor, isolation)

    def statements(self, isolation: Isolation) -> Iterable[str]:
        return ["GRANT USAGE ON SCHEMA {{schema}} TO {{client}}, {{worker}}, {{operator}}"]

    def undo_statements(self, isolation: Isolation) -> Iterable[str]:
        return []


class TableRights(IsolationOperation):
    """What each role may do with a table that belongs to no tenant: privileges, written as in GRANT."""

    def __init__(self, table: str, *, client: str = "", worker: str = "", operator: str = ALL) -> None:
        self.table = table
        self.privileges = {"client": client, "worker": worker, "operator": operator}

    def describe(self) -> str:
        return f"Rights on {self.table}"

    def statements(self, isolation: Isolation) -> Iterable[str]:
        if isolation == "rls":
            for role, privileges in self.privileges.items():
                if privileges:
                    yield f"GRANT {privileges} ON {_quoted(self.table)} TO {{{{{role}}}}}"

    def undo_statements(self, isolation: Isolation) -> Iterable[str]:
        if isolation == "rls":
            for role, privileges in self.privileges.items():
                if privileges:
                    yield f"REVOKE {privileges} ON {_quoted(self.table)} FROM {{{{{role}}}}}"


class RolePolicy(IsolationOperation):
    """What one role may do with which rows of a table: a policy for each command that it has a privilege for.

    `role` is client, worker, operator, or `owner` for what functions of the owner (SECURITY DEFINER) may do.
    """

    def __init__(self, table: str, role: str, privileges: str, rows: str) -> None:
        self.table, self.role, self.privileges, self.rows = table, role, privileges, rows

    def describe(self) -> str:
        return f"Policy of {self.table} for the {self.role}"

    def statements(self, isolation: Isolation) -> Iterable[str]:
        if isolation == "rls":
            if self.role != "owner":
                yield f"GRANT {self.privileges} ON {_quoted(self.table)} TO {{{{{self.role}}}}}"
            grantee = "CURRENT_USER" if self.role == "owner" else f"{{{{{self.role}}}}}"
            for command in self._commands():
                check = "WITH CHECK" if command == "INSERT" else "USING"
                yield f"DROP POLICY IF EXISTS {self._name_for(command)} ON {_quoted(self.table)}"
                yield (
                    f"CREATE POLICY {self._name_for(command)} ON {_quoted(self.table)} FOR {command} TO {grantee}"
                    f" {check} ({self.rows})"
                )

    def undo_statements(self, isolation: Isolation) -> Iterable[str]:
        if isolation == "rls":
            if self.role != "owner":
                yield f"REVOKE {self.privileges} ON {_quoted(self.table)} FROM {{{{{self.role}}}}}"
            yield from (
                f"DROP POLICY {self._name_for(command)} ON {_quoted(self.table)}" for command in self._commands()
            )

    def _commands(self) -> list[str]:
        return list(dict.fromkeys(found[1] for found in _PRIVILEGE.finditer(self.privileges)))

    def _name_for(self, command: str) -> str:
        return f"{self.role}_{command.lower()}"


class TenantPolicies(IsolationOperation):
    """Who may see and change which rows of a table whose rows belong to tenants (or workers). For one's own apps too:

        migrations.CreateModel("Invoice", …),  # with tenant = ForeignKey("queueapp.Tenant", …)
        TenantPolicies("billing_invoice", client="SELECT, INSERT, UPDATE (paid_at)"),

    `client`, `worker` and `operator` are privileges as in GRANT; an empty string gives no privilege. A client sees the
    rows of the tenant that its scope names (`client_rows` says otherwise), a worker those of `worker_rows`,
    an operator all.

    `append_only`: no row is ever changed or deleted. In `rls` that follows from the privileges given; in `single`,
    where there are no roles, a trigger refuses.
    """

    def __init__(
        self,
        table: str,
        *,
        client: str = "",
        worker: str = "",
        operator: str = ALL,
        client_rows: str = TENANT_ROWS,
        worker_rows: str = "false",
        append_only: bool = False,
    ) -> None:
        self.table, self.append_only = table, append_only
        policies = (
            RolePolicy(table, "client", client, client_rows),
            RolePolicy(table, "worker", worker, worker_rows),
            RolePolicy(table, "operator", operator, "true"),
        )
        self.policies = [policy for policy in policies if policy.privileges]

    def describe(self) -> str:
        return f"Policies of {self.table}"

    def statements(self, isolation: Isolation) -> Iterable[str]:
        yield f"DROP TRIGGER IF EXISTS taskrunner_append_only ON {_quoted(self.table)}"
        if isolation == "rls":
            yield f"ALTER TABLE {_quoted(self.table)} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
            for policy in self.policies:
                yield from policy.statements(isolation)
        elif self.append_only:
            yield (
                f"CREATE TRIGGER taskrunner_append_only BEFORE UPDATE OR DELETE ON {_quoted(self.table)}"
                " FOR EACH STATEMENT EXECUTE FUNCTION taskrunner_refuse_change()"
            )

    def undo_statements(self, isolation: Isolation) -> Iterable[str]:
        yield f"DROP TRIGGER IF EXISTS taskrunner_append_only ON {_quoted(self.table)}"
        if isolation == "rls":
            for policy in self.policies:
                yield from policy.undo_statements(isolation)
            yield f"ALTER TABLE {_quoted(self.table)} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY"
