"""The limits that a tenant may have: the platform's own, and those that families register."""

import json

import pytest
from django.core.exceptions import ImproperlyConfigured
from pydantic import Field, ValidationError

from queueapp.limits import tenant_limits
from queueapp.limits.tenant_limits import TenantLimits, limits_model, limits_of, register_limits
from tests.admin.test_tenants import GOOD_LIMITS

NUMBERS = {
    "task_max_runtime_seconds": (1, 86_400),
    "task_max_artifact_mb": (1, 1024),
    "tasks_per_minute": (0, 1_000_000),
    "max_batch_size": (1, 1000),
    "requirement_sets": (0, 1_000_000),
    "search_max_results": (1, 20),
}
LISTS = {
    "search_source_allowlist": (["brave", "my-own_2"], ["Brave", "a b", "", "-a"]),
    "fetch_domain_allowlist": (["*", "a.example", "10.0.0.1"], ["http://a", "A.example", ".a", "a."]),
    "allowed_types": (["*", "a", "a.*", "A.b-c.*"], ["a.*.b", "", "a..b", ".a"]),
}
GOOD = [
    *GOOD_LIMITS,
    *({name: value} for name, bounds in NUMBERS.items() for value in bounds),
    *({name: [item]} for name, (good, _) in LISTS.items() for item in good),
    *({name: []} for name in LISTS),
]
BAD = [
    [],
    "x",
    None,
    {"colour": 1},
    {"TASKS_PER_MINUTE": 1},
    *({name: bound + step} for name, (low, high) in NUMBERS.items() for bound, step in ((low, -1), (high, 1))),
    *({name: value} for name in NUMBERS for value in ("5", True, 1.5, [5], {})),
    *({name: None} for name in [*NUMBERS, *LISTS] if name not in ("tasks_per_minute", "requirement_sets")),
    *({name: [item]} for name, (_, bad) in LISTS.items() for item in bad),
    *({name: value} for name in LISTS for value in ("a", 1, [1], [None], [["a"]])),
]


def accepted(limits):
    try:
        limits_model().model_validate_json(json.dumps(limits), strict=True)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("limits", GOOD, ids=json.dumps)
def test_a_good_limit_is_accepted(limits):
    assert accepted(limits)


@pytest.mark.parametrize("limits", BAD, ids=json.dumps)
def test_a_bad_limit_is_refused(limits):
    assert not accepted(limits)


@pytest.fixture
def family(monkeypatch):
    """Registers limits of another family, until the test ends."""
    monkeypatch.setattr(tenant_limits, "_families", list(tenant_limits._families))
    yield register_limits
    monkeypatch.undo()
    limits_model.cache_clear()


def test_a_family_registers_limits_that_hold_where_a_tenant_has_none_of_its_own(acme, family):
    @family
    class MailLimits(TenantLimits):
        mails_per_task: int = Field(7, ge=1)

    assert MailLimits.of(acme.id).mails_per_task == 7
    own = limits_of("acme", {"mails_per_task": 3, "max_batch_size": 2})
    assert own.model_dump(include={"mails_per_task", "max_batch_size"}) == {"mails_per_task": 3, "max_batch_size": 2}
    assert accepted({"mails_per_task": 1, "search_max_results": 1})
    assert not accepted({"mails_per_task": 0})


def test_a_name_that_is_taken_is_refused(family):
    class Again(TenantLimits):
        search_max_results: int = 1

    with pytest.raises(ImproperlyConfigured, match="search_max_results"):
        family(Again)


def test_a_limit_of_a_family_that_is_gone_limits_nothing():
    assert limits_of("acme", {"mails_per_task": 3, "max_batch_size": 2}).max_batch_size == 2
