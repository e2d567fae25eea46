"""What these tests would notice, and that they notice it."""

import pytest

from tests.browser.pages import Visitor, audit
from tests.waiting import wait_until


@pytest.fixture
def visitor(browser, server, clean_database):
    visitor = Visitor(browser, server, None)
    yield visitor
    visitor.context.close()


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("document.body.setAttribute('style', 'color: red')", "the policy stops style-src-attr"),
        ("console.error('It went wrong.')", "It went wrong."),
        ("setTimeout(() => { throw new Error('Nobody catches this.') })", "Nobody catches this."),
        ("fetch('/nothing')", "404"),
    ],
)
def test_faults(visitor, script, fault):
    page = visitor.new_page()
    page.goto("/admin/login/")
    page.evaluate(f"{{ {script} }}")
    # faults arrive while the page is asked something
    wait_until(lambda: page.evaluate("true") and any(fault in each for each in visitor.faults))


def test_an_audit(visitor):
    page = visitor.new_page()
    page.goto("/admin/login/")
    assert audit(page) == []
    page.evaluate("document.querySelector('label').remove()")
    found = audit(page)
    assert [line.split(":")[0] for line in found] == ["critical label"]
    assert audit(page, {"label"}) == []
