"""Two installations on one server, even in one database: each in its schema, its roles and keys under its prefix."""

import pytest

COUNT = "from queueapp.tenancy import operator_scope; from queueapp.models import Task\n" + (
    "with operator_scope('operator:test'): print(Task.objects.count())"
)


@pytest.fixture
def neighbours(make_host, databases, cell):
    first, second = make_host(cell), make_host(cell)
    for host, schema in ((first, "east"), (second, "west")):
        host.database = {**first.database, "OPTIONS": {"options": f"-c search_path={schema}"}}
    databases.as_superuser(
        "; ".join(f"CREATE SCHEMA {schema} AUTHORIZATION {first.database['USER']}" for schema in ("east", "west")),
        first.database["NAME"],
    )
    return first, second


def test_they_do_not_meet(neighbours, cell):
    tenant = "main" if cell.isolation == "single" else "acme"
    for host in neighbours:
        host.manage("migrate", "-v", "0")
        if cell.isolation == "rls":
            host.manage("createtenant", "acme")
    first, second = neighbours
    first.shell(f"from queueapp import submit; submit('shop.greet', {{'name': 'Ada'}}, tenant='{tenant}')")
    assert (first.shell(COUNT), second.shell(COUNT)) == ("1", "0")
