"""What submit refuses: the error names the field and the limit, and nothing is stored."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queueapp import tasks
from queueapp.errors import InvalidTask
from queueapp.models import DedupKey, Task
from queueapp.tasks import TaskRequest
from queueapp.tenancy import operator_scope

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def stored():
    with operator_scope("operator:test"):
        return Task.objects.count() + DedupKey.objects.count()


def nested(depth):
    return {"a": nested(depth - 1)} if depth else {}


BAD = [
    ({"type": "no.such"}, "type", "type 'no.such' has no handler here and was not declared"),
    ({"type": "bad type"}, "type", "should match pattern"),
    ({"type": "echo\n"}, "type", "should match pattern"),
    ({"type": "x" * 201}, "type", "at most 200"),
    ({"params": [1]}, "params", "valid dictionary"),
    ({"params": {"a": "\x00"}}, "params", "NUL"),
    ({"params": {"a\x00": 1}}, "params", "NUL"),
    ({"params": {"a": ["\ud800"]}}, "params", "lone surrogate"),
    ({"params": {1: 2}}, "params", "key that is not a string: 1"),
    ({"params": {"a": b"x"}}, "params", "holds a bytes"),
    ({"params": {"a": float("nan")}}, "params", "not finite"),
    ({"params": {"a": 2**63}}, "params", "64 bits"),
    ({"params": nested(32)}, "params", "deeper than 32"),
    ({"type": "sleep", "params": {}}, "params.seconds", "required"),
    ({"type": "sleep", "params": {"seconds": -1}}, "params.seconds", "greater than or equal to 0"),
    ({"type": "sleep", "params": {"seconds": 1, "q": 1}}, "params.q", "not permitted"),
    ({"type": "sample.noop", "params": {"seconds": "Infinity"}}, "params.seconds", "not finite"),
    ({"queue": "nowhere"}, "queue", "no queue 'nowhere'; there are: config, default"),
    ({"queue": ""}, "queue", "at least 1"),
    ({"priority": 0}, "priority", "greater than or equal to 1"),
    ({"priority": 11}, "priority", "less than or equal to 10"),
    ({"priority": "5"}, "priority", "valid integer"),
    ({"priority": True}, "priority", "valid integer"),
    ({"run_at": NOW.replace(tzinfo=None)}, "run_at", "timezone"),
    ({"run_at": "soon"}, "run_at", "RFC 3339"),
    ({"run_at": datetime.max.replace(tzinfo=UTC)}, "run_at", "within ten years"),
    ({"run_at": datetime.min.replace(tzinfo=UTC)}, "run_at", "within ten years"),
    ({"run_at": "0001-01-01T00:00:00+14:00"}, "run_at", "years 1 to 9999"),
    ({"delay_seconds": -1}, "delay_seconds", "greater than or equal to 0"),
    ({"delay_seconds": 1e9}, "delay_seconds", "less than or equal to 315360000"),
    ({"delay_seconds": float("inf")}, "delay_seconds", "finite"),
    ({"delay_seconds": 1, "run_at": NOW}, "request", "run_at or delay_seconds, not both"),
    ({"timeout_seconds": 0}, "timeout_seconds", "greater than or equal to 1"),
    ({"timeout_seconds": 601}, "timeout_seconds", "at most 600"),
    ({"max_retries": -1}, "max_retries", "greater than or equal to 0"),
    ({"max_retries": 1001}, "max_retries", "less than or equal to 1000"),
    ({"requirements": {str(n): n for n in range(9)}}, "requirements", "at most 8"),
    ({"labels": ["x"] * 17}, "labels", "at most 16"),
    ({"labels": ["x", ""]}, "labels.1", "at least 1"),
    ({"labels": ["x" * 65]}, "labels.0", "at most 64"),
    ({"dedup": {}}, "dedup.key", "required"),
    ({"dedup": {"key": "x" * 201}}, "dedup.key", "at most 200"),
    ({"dedup": {"key": "k", "ttl_seconds": 0}}, "dedup.ttl_seconds", "greater than 0"),
    ({"dedup": {"key": "k", "ttl_seconds": 32 * 86_400}}, "dedup.ttl_seconds", "less than or equal to 2678400"),
    ({"dedup": {"key": "k", "on_conflict": "explode"}}, "dedup.on_conflict", "'return', 'reject' or 'replace'"),
    ({"colour": "red"}, "colour", "not permitted"),
]


@pytest.mark.parametrize(("fields", "field", "limit"), BAD, ids=[f"{field}: {limit}" for _, field, limit in BAD])
def test_a_bad_request_is_refused_by_field_and_limit(acme, fields, field, limit):
    with pytest.raises(InvalidTask) as refused:
        tasks.submit(**{"type": "echo", "tenant_id": acme.id, **fields})
    (error,) = refused.value.errors
    assert error.field == field
    assert limit in error.message
    assert error.code
    assert stored() == 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
FIELDS = sorted(TaskRequest.model_fields.keys() - {"type"})


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(fields=st.dictionaries(st.sampled_from(FIELDS), JSON | st.datetimes() | st.datetimes(timezones=st.just(UTC))))
def test_anything_is_accepted_or_refused_by_name(acme, fields):
    before = stored()
    try:
        task = tasks.submit(type="echo", tenant_id=acme.id, **fields)
    except InvalidTask as refused:
        assert all(error.field.split(".")[0] in (*fields, "request") for error in refused.errors)
        assert stored() == before
    else:
        assert task.status in ("queued", "scheduled")
