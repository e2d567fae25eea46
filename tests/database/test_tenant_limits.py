"""The limits that a tenant may have. The database knows only that they are an object."""

import json

import pytest
from pydantic import ValidationError

from queueapp.limits.tenant_limits import TenantLimits
from tests.admin.test_tenants import GOOD_LIMITS

NUMBERS = {
    "task_max_runtime_seconds": (1, 86_400),
    "task_max_artifact_mb": (1, 1024),
    "tasks_per_minute": (0, 1_000_000),
    "max_batch_size": (1, 1000),
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
    *({name: None} for name in [*NUMBERS, *LISTS] if name != "tasks_per_minute"),
    *({name: [item]} for name, (_, bad) in LISTS.items() for item in bad),
    *({name: value} for name in LISTS for value in ("a", 1, [1], [None], [["a"]])),
]


def accepted(limits):
    try:
        TenantLimits.model_validate_json(json.dumps(limits), strict=True)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("limits", GOOD, ids=json.dumps)
def test_accepted(limits):
    assert accepted(limits)


@pytest.mark.parametrize("limits", BAD, ids=json.dumps)
def test_refused(limits):
    assert not accepted(limits)
