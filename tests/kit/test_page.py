"""docs/testing.md: its tests run as they stand."""

import unittest

import pytest

from queueapp import handlers, submit
from queueapp.models import Tenant
from queueapp.tenancy import bind_tenant, operator_scope
from tests.clusters import ROOT
from tests.docs.test_python import python_blocks

EXAMPLE, CASES, *BLOCKS = python_blocks(ROOT / "docs" / "testing.md")
# of the login that owns the tables here
FUNCTIONS = "\n".join(BLOCKS).replace("hours=2))", 'hours=2), using="owner")')
TESTS = [line.split("(")[0].removeprefix("def ") for line in FUNCTIONS.splitlines() if line.startswith("def test_")]


@pytest.fixture
def page(monkeypatch):
    """The names of the page, with the code that it calls one's own."""
    monkeypatch.setattr(handlers, "_handlers", dict(handlers._handlers))
    payments = []

    def pay(order_id):
        payments.append(order_id)
        return order_id

    names = {"__name__": "shop.tests", "pay": pay, "payments": payments}
    names["place_order"] = lambda order_id: submit("orders.charge", {"order_id": order_id})
    exec(EXAMPLE, names)
    return names


@pytest.mark.parametrize("name", TESTS)
def test_a_function_of_the_page(page, in_a_transaction, taskrunner, name):
    exec(FUNCTIONS, page)
    page[name](taskrunner)


def test_the_class_of_the_page(page, acme):
    exec(CASES, page)
    case = page["OrderTests"]
    result = unittest.TestResult()
    with bind_tenant(acme.id):
        unittest.TestSuite([case("test_an_order_is_charged")]).run(result)
    assert (result.testsRun, result.errors, result.failures) == (1, [], [])
    with operator_scope("operator:test"):
        assert Tenant.objects.filter(slug="acme").exists()  # its own transaction is rolled back, and nothing else
