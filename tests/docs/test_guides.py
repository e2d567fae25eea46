"""The guides: docs/versions.md, docs/observing.md and docs/postgresql.md do what they say."""

import re
import shlex
from configparser import ConfigParser
from types import SimpleNamespace

import pytest
from django.db import connection, transaction

from queueapp import handlers, hooks, observers, submit
from queueapp.models import Task
from queueapp.tenancy import bind_tenant, operator_scope
from queueapp.testing.kit import Kit
from tests.clusters import ROOT, running_cluster
from tests.commands.calling import run
from tests.docs.test_python import python_blocks
from tests.pooled import bouncer


def page(name):
    return ROOT / "docs" / f"{name}.md"


@pytest.fixture
def own_registrations(monkeypatch):
    """What the pages register is gone after the test."""
    monkeypatch.setattr(handlers, "_handlers", dict(handlers._handlers))
    monkeypatch.setattr(hooks, "_attempt_hooks", list(hooks._attempt_hooks))
    monkeypatch.setattr(observers, "_observers", [])


@pytest.fixture
def tenant(acme, own_registrations):
    with bind_tenant(acme.id):
        yield acme


def drained(*submissions):
    """What came of tasks that were submitted by older code, which checked them by its own rules."""
    with transaction.atomic():
        for type, params, old in submissions:
            task = submit(type, params)
            with operator_scope("operator:test"):
                Task.objects.filter(id=task.id).update(params=old)
        drain = Kit().drain()
        transaction.set_rollback(True)
    return [task.result or task.error_code for task in drain.tasks]


def test_old_parameters_and_old_names_are_understood(tenant):
    module = {"__name__": "orders.tasks"}
    for block in python_blocks(page("versions")):
        exec(block, module)
    new = {"order_id": 1, "cents": 990}
    assert drained(
        ("orders.charge", new, new),
        ("orders.charge", new, {"order": 2, "amount": 9.9}),
        ("orders.charge", new, {"order": 3}),
        ("orders.charge_old", {"order_id": 4}, {"order_id": 4}),
    ) == ["1: 990 EUR", "2: 990 EUR", "task_rejected_invalid_params", "charged 4"]


def test_metrics_are_told_of_every_attempt_and_move(tenant):
    told = []
    statsd = SimpleNamespace(incr=lambda name, number: told.append(name), timing=lambda name, _: told.append(name))
    for block in python_blocks(page("observing")):
        exec(block, {"__name__": "orders.handlers", "statsd": statsd})
    submit("echo", {})
    Kit().drain()
    assert told == ["tasks.leased", "attempt.echo", "tasks.completed"]


@pytest.mark.parametrize("name", ["versions", "observing"])
def test_the_commands_are_taken(name, tenant):
    commands = re.findall(r"^\$ python manage\.py (.*)$", page(name).read_text(), re.M)
    assert commands
    for command in commands:
        run(*shlex.split(command))


def test_the_pooler_needs_what_the_page_says(tenant):
    (block,) = re.findall(r"^```ini\n(.*?)^```", page("postgresql").read_text(), re.M | re.S)
    said, tested = ConfigParser(), ConfigParser()
    said.read_string(block)
    tested.read_string(bouncer.SETTINGS.replace("{more}", ""))
    assert said["pgbouncer"]["pool_mode"] == tested["pgbouncer"]["pool_mode"]
    assert set(said["pgbouncer"]) <= set(tested["pgbouncer"])


def test_limits_are_set_for_the_login(tenant):
    (sql,) = re.findall(r"^```sql\n(.*?)^```", page("postgresql").read_text(), re.M | re.S)
    settings = connection.settings_dict
    ours = sql.replace("taskrunner_app", f'"{settings["USER"]}"').replace(
        "DATABASE taskrunner", f'DATABASE "{settings["NAME"]}"'
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ours)
        transaction.set_rollback(True)


def sessions():
    """Of our login, by their processes' ids."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename = session_user")
        return {pid for (pid,) in cursor.fetchall()}


def test_a_cluster_has_as_many_sessions_as_the_page_says(tenant):
    """Two for each worker process, and up to three more."""
    workers, most = 2, 0
    before = sessions()
    with running_cluster(workers=workers):
        task = submit("sleep", {"seconds": 0.5})
        while task.status != "completed":
            most = max(most, len(sessions() - before))
            with operator_scope("operator:test"):
                task = Task.objects.get(id=task.id)
    assert workers < most <= 2 * workers + 3
