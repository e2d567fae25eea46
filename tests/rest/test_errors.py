"""Errors over the API: listed, shown, ignored, resolved and opened again; a tenant's own, and on record."""

import pytest

from tests.commands.calling import actions
from tests.error_groups.failing import fail, fold
from tests.rest.calling import code_of, fields_of


@pytest.fixture
def refused(acme, globex):
    """Failures of two tenants, of one kind."""
    try:
        raise ValueError("card 1 was refused")
    except ValueError as error:
        fail(acme, "ValueError: card 1 was refused", "ValueError: card 2 was refused", error=error)
        fail(globex, "ValueError: card 3 was refused", error=error)
    fold()


def listed(api, query=""):
    return api.get(f"/errors{query}").json()["results"]


def test_a_tenant_sees_its_own_errors_and_an_admin_all(client, stranger, admin, refused):
    (own,) = listed(client, "?window=1h&type=echo&state=open")
    assert (own["title"], own["failures"], own["tenants"]) == ("ValueError: card N was refused", 2, 1)
    assert own["buckets"][-1] + own["buckets"][-2] == 2
    assert [each["failures"] for each in listed(stranger)] == [1]
    assert [(each["failures"], each["tenants"]) for each in listed(admin)] == [(3, 2)]
    assert listed(admin, "?tenant=globex")[0]["failures"] == 1
    assert listed(client, "?state=ignored") == listed(client, "?type=echo.*") == []
    address = f"/errors/{own['fingerprint']}"
    shown = client.get(address).json()
    assert [(each["tenant"], each["failures"]) for each in shown["by_tenant"]] == [("acme", 2)]
    assert shown["sample"]["traceback"] is None
    assert shown["sample"]["message"].startswith("ValueError: card ")
    assert "in refused" in admin.get(address).json()["sample"]["traceback"]
    tasks = client.get(f"/tasks?error_fingerprint={own['fingerprint']}").json()["results"]
    assert len(tasks) == 2
    retry = {"filter": {"error_fingerprint": own["fingerprint"]}, "dry_run": True}
    assert client.post("/tasks/bulk/retry", retry).json()["count"] == 2


def test_acts_are_for_the_tenants_they_name_and_on_record(client, stranger, admin, refused):
    (own,) = listed(client)
    address = f"/errors/{own['fingerprint']}"
    ignored = client.post(f"{address}/ignore", {"failures": 5, "note": "token=s3cr3t-value"}).json()
    assert (ignored["state"], ignored["by_tenant"][0]["ignored_until"]) == ("ignored", 7)
    assert "s3cr3t" not in str(ignored)
    assert [each["state"] for each in listed(stranger)] == ["open"]
    resolved = admin.post(f"{address}/resolve", {"release": "1f71"}).json()
    assert {each["resolved_in"] for each in resolved["by_tenant"]} == {"1f71"}
    assert client.post(f"{address}/reopen", {}).json()["by_tenant"][0]["changed_by"].startswith("client:acme-client@")
    verbs = [action for _, action, target in actions() if target == own["fingerprint"]]
    assert verbs == ["error.ignore", "error.resolve", "error.resolve", "error.reopen"]


def test_what_cannot_be_is_refused_by_its_field(client, stranger, refused):
    (own,) = listed(client)
    address = f"/errors/{own['fingerprint']}"
    assert set(fields_of(client.get("/errors?window=2h&state=gone&limit=201"))) == {"window", "state", "limit"}
    assert set(fields_of(client.get("/tasks?error_fingerprint=x"))) == {"error_fingerprint"}
    assert set(fields_of(client.post(f"{address}/ignore", {"failures": 0, "note": "x" * 2001}))) == {"failures", "note"}
    assert set(fields_of(client.post(f"{address}/resolve", {"release": "a b"}))) == {"release"}
    for api in (client, stranger):
        for unknown in ("/errors/0000000000000000", "/errors/0000000000000000?window=1h"):
            assert code_of(api.get(unknown)) == "not_found"
        assert code_of(api.post("/errors/0000000000000000/reopen", {})) == "not_found"
