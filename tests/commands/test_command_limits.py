"""`limits`: what holds for a tenant, and giving it limits of its own."""

from queueapp.models import Tenant
from queueapp.tenancy import operator_scope
from tests.commands.calling import ACTOR, actions, refused, run, run_json


def own_limits():
    with operator_scope("operator:test"):
        return Tenant.objects.get(slug="acme").limits


def test_limits_show_what_holds(acme):
    shown = run_json("limits", "acme")
    assert (shown["tasks_per_minute"], shown["fetch_domain_allowlist"]) == (30, ["*"])
    assert actions() == []


def test_limits_are_given_and_taken_back(acme):
    run("limits", "acme", "tasks_per_minute=600", 'search_source_allowlist=["brave", "searxng"]')
    assert own_limits() == {"tasks_per_minute": 600, "search_source_allowlist": ["brave", "searxng"]}
    table = run("limits", "acme", "tasks_per_minute=default", "max_batch_size=5")
    assert own_limits() == {"search_source_allowlist": ["brave", "searxng"], "max_batch_size": 5}
    assert [line.split()[:3] for line in table.splitlines() if "max_batch_size" in line] == [
        ["max_batch_size", "5", "own"]
    ]
    assert actions() == [(ACTOR, "tenant.change", "acme")] * 2


def test_a_list_is_words_between_commas(acme):
    run("limits", "acme", "fetch_domain_allowlist=a.com", "allowed_types=echo,sample.*")
    assert own_limits() == {"fetch_domain_allowlist": ["a.com"], "allowed_types": ["echo", "sample.*"]}
    run("limits", "acme", "allowed_types=default")
    assert own_limits() == {"fetch_domain_allowlist": ["a.com"]}
    assert refused("limits", "acme", "fetch_domain_allowlist=a b")[1].startswith("fetch_domain_allowlist.0:")


def test_limits_refuse_by_name_and_change_nothing(acme):
    _, words = refused("limits", "acme", "colour=red", "max_batch_size=0", "tasks_per_minute=3")
    assert words.splitlines() == [
        "max_batch_size: Input should be greater than or equal to 1",
        "colour: Extra inputs are not permitted",
    ]
    assert own_limits() == {}
    assert refused("limits", "nobody")[1].startswith("There is no tenant 'nobody'")
