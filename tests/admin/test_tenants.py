"""Tenants: added, renamed, switched off, given limits; never deleted, never given another slug."""

import json

import pytest

from queueapp.models import OperatorAction, Tenant
from queueapp.tenancy import operator_scope

TENANTS = "/admin/queueapp/tenant/"


def tenant(slug):
    with operator_scope("operator:test"):
        return Tenant.objects.get(slug=slug)


def noted():
    with operator_scope("operator:test"):
        return [(one.actor, one.action, one.target, one.detail) for one in OperatorAction.objects.order_by("id")]


@pytest.fixture
def save(root, acme):
    """Post the form of acme's page."""

    def post(**fields):
        return root.post(f"{TENANTS}{acme.pk}/change/", {"name": "Acme", "active": "on", "limits": "{}", **fields})

    return post


def test_a_tenant_is_added(root, clean_database):
    assert root.post(f"{TENANTS}add/", {"slug": "umbrella", "name": "Umbrella"}).status_code == 302
    assert tenant("umbrella").name == "Umbrella"
    assert root.get(f"{TENANTS}{tenant('umbrella').pk}/change/").status_code == 200
    assert noted() == [("operator:root", "tenant.create", "umbrella", {"name": "Umbrella"})]


def test_without_isolation_none_is_added(root, clean_database, configure):
    configure(ISOLATION="single")
    assert root.get(f"{TENANTS}add/").status_code == 403


@pytest.mark.parametrize("slug", ["Upper", "-dash", "under_score", "white space", "", "x" * 51, "system", "a\x00b"])
def test_a_slug_that_is_invalid_or_taken_is_refused(root, clean_database, slug):
    answer = root.post(f"{TENANTS}add/", {"slug": slug, "name": "X"})
    assert answer.status_code == 200
    assert "slug" in answer.context["adminform"].form.errors
    assert noted() == []


def test_name_activity_and_limits_are_changed_and_noted(save, acme):
    assert save(name="Acme Ltd", active="", limits='{"tasks_per_minute": 9}').status_code == 302
    changed = tenant("acme")
    assert (changed.name, changed.active, changed.limits) == ("Acme Ltd", False, {"tasks_per_minute": 9})
    ((actor, action, target, detail),) = noted()
    assert (actor, action, target) == ("operator:root", "tenant.change", "acme")
    assert detail["values"] == {"name": "Acme Ltd", "active": False, "limits": {"tasks_per_minute": 9}}


def test_the_slug_stays_and_saving_nothing_new_notes_nothing(save, acme):
    assert save(slug="other").status_code == 302
    assert tenant("acme").pk == acme.pk
    assert noted() == []


BAD_LIMITS = [
    "[]",
    "7",
    "null",
    "{",
    '{"task_per_minute": 5}',
    '{"tasks_per_minute": "5"}',
    '{"tasks_per_minute": true}',
    '{"tasks_per_minute": 1.5}',
    '{"tasks_per_minute": -1}',
    '{"tasks_per_minute": NaN}',
    '{"tasks_per_minute": 1e999}',
    '{"tasks_per_minute": ["b"]}',
    '{"max_batch_size": 0}',
    '{"max_batch_size": 1001}',
    '{"max_batch_size": null}',
    '{"task_max_runtime_seconds": 0}',
    '{"task_max_artifact_mb": 2000}',
    '{"search_source_allowlist": "brave"}',
    '{"search_source_allowlist": ["a b"]}',
    '{"fetch_domain_allowlist": ["http://a.example"]}',
    '{"fetch_allowed_networks": ["10.0.0.0/8"]}',
    '{"\\u0000": 1}',
    '{"\\ud800": 1}',
    '{"allowed_types": 5}',
    '{"allowed_types": ["a.*.b"]}',
    '{"tasks_per_minute": "x"}',
    '{"tasks_per_minute": ' + "9" * 5000 + "}",
    '{"a": ' + "[" * 2000,
    "\x00",
]


GOOD_LIMITS = [
    {},
    {"tasks_per_minute": None},
    {"allowed_types": ["a.*"], "task_max_artifact_mb": 1},
    {"search_source_allowlist": ["brave", "searxng"], "search_max_results": 5},
    {"fetch_domain_allowlist": ["example.org"], "max_batch_size": 1000, "task_max_runtime_seconds": 3600},
    {"fetch_domain_allowlist": ["*"], "allowed_types": []},
]


@pytest.mark.parametrize("limits", GOOD_LIMITS, ids=str)
def test_limits_are_kept_as_they_were_given(save, acme, limits):
    assert save(name="Acme Ltd", active="on", limits=json.dumps(limits)).status_code == 302
    with operator_scope("operator:test"):
        assert Tenant.objects.get(id=acme.id).limits == limits


@pytest.mark.parametrize("limits", BAD_LIMITS, ids=lambda limits: repr(limits[:20]))
def test_limits_are_an_object(save, acme, limits):
    answer = save(limits=limits)
    assert answer.status_code == 200
    assert "limits" in answer.context["adminform"].form.errors
    assert noted() == []


def test_a_refusal_names_the_limit_and_the_bound(save, acme):
    answer = save(limits='{"max_batch_size": 5000, "colour": 1}')
    assert answer.context["adminform"].form.errors["limits"] == [
        "limits.max_batch_size: Input should be less than or equal to 1000",
        "limits.colour: Extra inputs are not permitted",
    ]


def test_the_page_offers_no_roles_of_users_as_long_as_they_decide_nothing(root, acme):
    assert "role" not in root.get(f"{TENANTS}{acme.pk}/change/").content.decode()
