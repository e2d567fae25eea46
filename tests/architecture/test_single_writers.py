"""Some things are done in one place only: taking on a role, changing a status, running a named statement."""

import ast
import re

import pytest

from tests.architecture.source import ROOT, imports_of, modules, strings_of

SCOPE_SETTING = re.compile(r"\bset_config\b|\bSET\s+(LOCAL\s+|SESSION\s+)?(ROLE|SESSION\s+AUTHORIZATION)\b", re.I)
STATUS_WRITERS = ("queueapp.tasks", "queueapp.claiming", "queueapp.maintenance")
STATUS_CHANGE = re.compile(r"\bUPDATE\s+tasks\b.*?\bSET\b.*?\bstatus\s*=", re.I | re.S)

LOADER = "queueapp.db.statements"
KNOWN = frozenset(modules())
STATEMENTS = [path for path in sorted((ROOT / "queueapp").glob("**/sql/*.sql")) if "migrations" not in path.parts]


def users_of(statement: str) -> list[str]:
    """Modules that name a statement and can load it."""
    return [
        name
        for name, module in modules().items()
        if statement in strings_of(module) and any(each.target == LOADER for each in imports_of(module, KNOWN))
    ]


def without_comments(sql: str) -> str:
    return re.sub(r"--.*", "", sql)


def test_only_tenancy_takes_on_roles():
    # the embedded servers are set up by a superuser before the platform runs: they pass passwords this way
    elsewhere = ("queueapp.tenancy", "taskrunner.devserver.embedded")
    in_python = [
        name
        for name, module in modules().items()
        if not name.startswith(elsewhere) and any(SCOPE_SETTING.search(text) for text in strings_of(module))
    ]
    in_sql = [
        path.name
        for path in sorted((ROOT / "queueapp").rglob("*.sql"))
        if SCOPE_SETTING.search(without_comments(path.read_text()))
    ]
    assert in_python + in_sql == []


@pytest.mark.parametrize("sql", ["SELECT set_config('role', 'x', true)", "SET LOCAL ROLE x", "set role x"])
def test_taking_on_a_role_is_recognised(sql):
    assert SCOPE_SETTING.search(sql)


@pytest.mark.parametrize("path", STATEMENTS, ids=lambda path: path.stem)
def test_a_statement_begins_with_a_comment_and_has_one_caller(path):
    assert path.read_text().startswith("-- ")
    assert len(users_of(path.stem)) == 1, users_of(path.stem)


@pytest.mark.parametrize("path", STATEMENTS, ids=lambda path: path.stem)
def test_a_statement_that_changes_a_status_belongs_to_its_writers(path):
    if STATUS_CHANGE.search(without_comments(path.read_text())):
        (user,) = users_of(path.stem)
        assert user.startswith(STATUS_WRITERS)


def test_python_changes_no_status_elsewhere():
    wrong = [
        f"{name}:{node.lineno}"
        for name, module in modules().items()
        if not name.startswith(STATUS_WRITERS)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") in ("update", "update_or_create", "bulk_update")
        and any(keyword.arg == "status" for keyword in node.keywords)
    ]
    wrong += [
        name
        for name, module in modules().items()
        if not name.startswith((*STATUS_WRITERS, "queueapp.migrations"))
        and any(STATUS_CHANGE.search(text) for text in strings_of(module))
    ]
    assert wrong == []
