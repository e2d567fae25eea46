"""`createapikey` and `revokeapikey`."""

import pytest

from queueapp.apikeys import authenticate_key
from queueapp.apikeys.authenticate import forget
from queueapp.models import Tenant
from queueapp.tenancy import operator_scope
from tests.commands.calling import ACTOR, actions, refused, run, run_json


@pytest.fixture
def demo(clean_database):
    with operator_scope("operator:test"):
        return Tenant.objects.create(slug="demo", name="Demo")


def test_a_key_is_printed_alone_and_opens_its_tenant(acme):
    key = run("createapikey", "billing", "--tenant", "acme").strip()
    known = authenticate_key(key)
    assert (known.tenant_slug, known.name, known.role, known.scopes) == ("acme", "billing", "client", [])
    assert actions() == [(ACTOR, "apikey.create", key[3:11])]


def test_without_a_tenant_it_is_a_key_of_demo(demo):
    assert authenticate_key(run("createapikey", "x").strip()).tenant_slug == "demo"


def test_what_a_key_may_do_is_given_with_it(acme):
    options = ("--scope", "worker:run", "--capabilities", '{"categories": ["a.*"]}', "--expires-in-days", "90")
    made = run_json("createapikey", "x", "--tenant", "acme", "--role", "worker", *options)
    known = authenticate_key(made["key"])
    assert (known.role, known.scopes, known.capabilities) == ("worker", ["worker:run"], {"categories": ["a.*"]})
    assert made["expires_at"][:23] == known.expires_at.isoformat()[:23]


def test_what_cannot_be_is_refused_in_words(acme):
    assert "no tenant 'nobody'" in refused("createapikey", "x", "--tenant", "nobody")[1]
    for capabilities in ("[]", "{", "3"):
        words = refused("createapikey", "x", "--tenant", "acme", "--capabilities", capabilities)[1]
        assert words.startswith("--capabilities must be a JSON object")
    assert "invalid choice: 'king'" in refused("createapikey", "x", "--role", "king")[1]
    assert "invalid choice: 'tasks:everything'" in refused("createapikey", "x", "--scope", "tasks:everything")[1]
    for _ in range(2):
        run("createapikey", "x", "--tenant", "acme")
    words = refused("createapikey", "x", "--tenant", "acme")[1]
    assert words == "name: has 2 live keys in tenant acme already: revoke one first (revokeapikey)"


@pytest.mark.parametrize(
    ("capabilities", "field"),
    [
        ('{"categories": "reports.*"}', "capabilities.categories"),
        ('{"categories": ["reports.*", "*.daily"]}', "capabilities.categories.1"),
        ('{"queues": "default"}', "capabilities.queues"),
        ('{"queues": ["%s"]}' % ("x" * 65), "capabilities.queues.0"),
        ('{"region": "\\u0000"}', "capabilities"),
    ],
)
def test_capabilities_with_which_no_worker_could_claim_are_refused(acme, capabilities, field):
    words = refused("createapikey", "x", "--tenant", "acme", "--role", "worker", "--capabilities", capabilities)[1]
    assert words.startswith(f"{field}: ")


@pytest.mark.parametrize("name", ["", "x" * 101, "\udcff"])
def test_a_name_that_cannot_be_kept_is_refused(acme, name):
    assert refused("createapikey", name, "--tenant", "acme")[1].startswith("name: ")
    assert actions() == []


def test_a_revoked_key_opens_nothing(acme):
    key = run("createapikey", "x", "--tenant", "acme").strip()
    assert run("revokeapikey", key[3:11]) == f"The key {key[3:11]} of x is revoked.\n"
    first = run_json("revokeapikey", key[3:11])["revoked_at"]
    assert run_json("revokeapikey", key[3:11])["revoked_at"] == first
    forget()
    assert authenticate_key(key) is None
    assert refused("revokeapikey", "nonsense")[1] == "prefix: there is no key with prefix 'nonsense'"
