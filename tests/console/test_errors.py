"""Errors on the console: found, looked into, and decided upon; a tenant's own, and no more."""

import pytest

from queueapp.models import ErrorGroup
from queueapp.tenancy import operator_scope
from tests.commands.calling import actions
from tests.error_groups.failing import fail, fold


@pytest.fixture
def refused(acme, globex):
    """The fingerprint of a failure that two tenants met: acme twice."""
    try:
        raise ValueError("card 1 was <b>refused</b>")
    except ValueError as error:
        fail(acme, "ValueError: card 1 was <b>refused</b>", "ValueError: card 2 was <b>refused</b>", error=error)
        fail(globex, "ValueError: card 3 was <b>refused</b>", error=error)
    fold()
    with operator_scope("operator:test"):
        return ErrorGroup.objects.values_list("fingerprint", flat=True)[0]


def test_the_list_tells_what_fails_and_how_often(root, refused):
    answer = root.get("/console/all/errors/")
    (error,) = answer.context["errors"]
    assert (error.failures, error.tenants) == (3, 2)
    text = answer.content.decode()
    assert "card N was &lt;b&gt;refused&lt;/b&gt;" in text
    assert f'<a href="/console/all/tasks/?error_fingerprint={refused}">3</a>' in text
    assert not root.get("/console/all/errors/?state=ignored&window=7d").context["errors"]
    assert root.get("/console/all/errors/?window=2h").status_code == 400
    assert root.get("/console/all/tasks/", {"error_fingerprint": refused}).status_code == 200


def test_a_tenant_sees_its_own_failures_and_no_code_of_the_platform(root, acme, refused, member):
    client = member(acme, "operator")
    (error,) = client.get("/console/acme/errors/").context["errors"]
    assert error.failures == 2
    text = client.get(f"/console/acme/errors/{refused}/").content.decode()
    assert "globex" not in text and "Traceback" not in text
    retry = f"bulk/new/?verb=retry&amp;error_fingerprint={refused}"
    assert f'href="/console/acme/{retry}"' in text
    assert client.get(f"/console/acme/{retry.replace('&amp;', '&')}").status_code == 200
    assert "in refused" in root.get(f"/console/all/errors/{refused}/").content.decode()
    assert client.get("/console/acme/errors/0000000000000000/").status_code == 404
    assert client.get("/console/acme/errors/%00/").status_code == 404


def test_a_decision_holds_for_the_tenants_of_the_scope_and_is_on_record(root, acme, refused, member):
    client = member(acme, "operator")
    act = f"/console/acme/errors/{refused}/ignore/"
    assert "2 failures were counted." in client.get(act).content.decode()
    assert client.post(act, {"more": "0"}).context["form"].errors["more"]
    text = client.post(act, {"more": "5", "note": "token=s3cr3t-value"}, follow=True).content.decode()
    assert "until 7 failures" in text and "s3cr3t" not in text
    assert root.get("/console/all/errors/").context["errors"][0].state == "open"  # globex's is
    asked = root.get(f"/console/all/errors/{refused}/resolve/").content.decode()
    assert "3 failures were counted, of 2 tenants: " in asked
    assert root.post(f"/console/all/errors/{refused}/resolve/", {"release": "a b"}).context["form"].errors["release"]
    root.post(f"/console/all/errors/{refused}/resolve/", {"release": "1f71"})
    assert [each.state for each in root.get("/console/all/errors/?state=any").context["errors"]] == ["resolved"]
    root.post(f"/console/all/errors/{refused}/reopen/")
    assert [each.state for each in root.get("/console/all/errors/").context["errors"]] == ["open"]
    verbs = [action for _, action, target in actions() if target == refused]
    told = root.get("/console/all/audit/", {"target": refused}).content.decode()
    assert f'ignored the error <a href="/console/all/errors/{refused}/">ValueError: card N was' in told
    assert verbs == ["error.ignore", *["error.resolve"] * 2, *["error.reopen"] * 2]
