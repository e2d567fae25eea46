"""Which database logins may run the platform, and what the others are told."""

import pytest

DEBUG_OFF = "DEBUG = False\nALLOWED_HOSTS = ['*']"
SUBMIT = "from queueapp import submit; submit('shop.greet', {'name': 'Ada'}, tenant='acme')"


def test_without_createrole_the_sql_is_printed_for_whoever_may(make_host, databases, rls_cell):
    host = make_host(rls_cell, login="CREATEDB")
    refusal = host.refusal_of("migrate", "-v", "0")
    assert "may not make the roles" in refusal and "isolate --print-sql" in refusal
    databases.as_superuser(host.manage("isolate", "--print-sql"), host.database["NAME"])
    host.manage("migrate", "-v", "0")
    host.manage("createtenant", "acme")
    host.shell(SUBMIT)


def test_in_rls_one_login_for_everything_is_called_what_it_is(make_host, rls_cell):
    host = make_host(rls_cell)
    host.manage("migrate", "-v", "0")
    said = host.manage("check", "--deploy", "--tag", "taskrunner", errors=True)
    assert "RESET ROLE leads back to the owner" in said


def test_a_second_login_is_one_statement_of_the_owners(make_host, rls_cell):
    host = make_host(rls_cell)
    login = f"{host.database['USER']}_app"
    host.shell(
        f"from django.db import connection; connection.cursor().execute('CREATE ROLE {login} LOGIN PASSWORD %s', ['x'])"
    )
    host.add_settings(
        'DATABASES["owner"] = DATABASES["default"]\n'
        f'DATABASES["default"] = {{**DATABASES["owner"], "USER": "{login}", "PASSWORD": "x"}}'
    )
    host.manage("migrate", "--database", "owner", "-v", "0")
    host.manage("createtenant", "acme")
    host.shell(SUBMIT)
    said = host.manage("check", "--deploy", "--database", "default", "--tag", "taskrunner", errors=True)
    assert "RESET ROLE" not in said


def test_a_superuser_is_refused_in_rls_where_it_matters(make_host, rls_cell):
    host = make_host(rls_cell, login="SUPERUSER")
    host.manage("migrate", "-v", "0")
    host.manage("createtenant", "acme")
    host.shell(SUBMIT)  # DEBUG is on, so a warning does
    host.add_settings(DEBUG_OFF)
    for command in (["qcluster"], ["check", "--deploy"], ["shell", "-v", "0", "-c", SUBMIT]):
        assert "it is a superuser" in host.refusal_of(*command)
    host.shell("from shop.models import Order; print(Order.objects.count())")  # nothing to do with us


def test_single_does_not_mind_a_superuser(make_host, single_cell):
    host = make_host(single_cell, login="SUPERUSER")
    host.add_settings(DEBUG_OFF)
    host.manage("migrate", "-v", "0")
    host.shell("from queueapp import submit; submit('shop.greet', {'name': 'Ada'})")
    host.manage("check", "--deploy", "--tag", "taskrunner")


@pytest.mark.parametrize("option", ["pool", "server_side_binding"])
def test_psycopg_3s_pool_and_binding_on_the_server(make_host, psycopg3_cell, option):
    host = make_host(psycopg3_cell)
    host.manage("migrate", "-v", "0")
    host.database["OPTIONS"] = {option: True}
    said = host.manage("test", "shop", "-v", "1", errors=True)
    assert "\nOK" in said, said
