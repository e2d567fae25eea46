"""docs/handlers.md: its first task runs as it stands, and so do the ways to submit it."""

from decimal import Decimal

import pytest
from django.db import transaction

from queueapp import handlers, submit_many, task
from queueapp.models import Task
from queueapp.tenancy import bind_tenant, operator_scope
from queueapp.testing.kit import Kit
from tests.clusters import ROOT
from tests.docs.test_python import python_blocks

BLOCKS = python_blocks(ROOT / "docs" / "handlers.md")


@pytest.fixture
def orders(monkeypatch, acme):
    """What the page's first block makes of an app's module `tasks`; it submits as well."""
    monkeypatch.setattr(handlers, "_handlers", dict(handlers._handlers))
    taken = []
    module = {"__name__": "orders.tasks", "take_money": lambda card, amount: taken.append(amount), "taken": taken}
    with bind_tenant(acme.id):
        exec(BLOCKS[0], module)
        yield module


def stored():
    with operator_scope("operator:test"):
        return list(Task.objects.order_by("id"))


def test_the_first_task_is_submitted_and_called(orders):
    now, later = stored()
    params = {"order_id": 1, "card": "4242", "amount": "9.90"}
    assert (now.type, now.params, now.max_retries) == ("orders.charge", params, 3)
    assert (later.priority, later.status) == (9, "scheduled")
    assert orders["taken"] == [Decimal(5)]


def test_many_are_submitted(orders):
    def greet(name: str) -> None: ...

    (block,) = [block for block in BLOCKS if "charge.asubmit" in block]
    plain = "\n".join(line for line in block.splitlines() if not line.startswith("await "))
    exec(plain, {**orders, "greet": task("greetings.send")(greet), "submit_many": submit_many})
    assert len(stored()) == 2 + 1 + 100 + 2


def test_the_async_task_runs(acme, monkeypatch):
    monkeypatch.setattr(handlers, "_handlers", dict(handlers._handlers))
    (block,) = [block for block in BLOCKS if "async def greet_all" in block]
    greeted = []

    async def greet(name):
        greeted.append(name)

    module = {"__name__": "people.tasks", "greet": greet, "note_greeted": len}
    with pytest.raises(Undone), bind_tenant(acme.id), transaction.atomic():
        exec(block, module)
        drained = Kit().drain()
        raise Undone
    assert sorted(greeted) == ["Ada", "Grace"]
    assert drained.tasks[0].result == 2


class Undone(Exception):
    """As at the end of a TestCase."""
