"""Numbers go out as they came in, and what went out can be sent again."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queueapp.json_values import read_jsonb
from queueapp.models import Task
from queueapp.tenancy import operator_scope, tenant_scope
from tests.rest.calling import Api, key_for

WRITTEN = [
    *("1.23e67", "1e16", "1e19", "-1e19", "9.999999999999999e22", "1.7976931348623157e308", "-1.7976931348623157e308"),
    *("9223372036854775807", "-9223372036854775807", "9223372036854775808.0", "18446744073709551616.0"),
    *("0", "-0.0", "0.1", "1e-7", "5e-324", "2.2250738585072014e-308", "1.0", "100.0", "1E2", "0.30000000000000004"),
    *("123456789012345678.5", "0.12345678901234567890123456789"),
]
# as clients write them: whole, with a fraction, with an exponent; and the doubles themselves
integers = st.integers(-(2**63) + 1, 2**63 - 1).map(str)
decimals = st.decimals("-1e300", "1e300", allow_nan=False, allow_infinity=False).map(str)
exponents = st.builds(lambda digits, power: f"{digits}e{power}", st.integers(-(10**17), 10**17), st.integers(-320, 290))
doubles = st.floats(allow_nan=False, allow_infinity=False).map(repr)
NUMBERS = st.one_of(integers, decimals.filter(lambda text: "." in text), exponents, doubles)


@pytest.fixture
def api(acme, limit):
    limit(tasks_per_minute=None)
    return Api(key_for(acme))


def sent(api, numbers: list[str]) -> list[object]:
    """The numbers as they come back."""
    body = '{"type": "echo", "params": {"n": [' + ", ".join(numbers) + "]}}"
    answer = api.post("/tasks", body.encode())
    assert answer.status_code == 202, (numbers, answer.content)
    return api.get(f"/tasks/{answer.json()['id']}").json()["params"]["n"]


def check(api, numbers: list[str]) -> None:
    back = sent(api, numbers)
    for number, came in zip(numbers, back, strict=True):
        meant = json.loads(number)
        assert (came if isinstance(meant, int) else float(came)) == meant
    again = sent(api, [json.dumps(number) for number in back])
    assert again == back
    assert [type(number) for number in again] == [type(number) for number in back]


@pytest.mark.parametrize("number", WRITTEN)
def test_a_number_comes_back_and_can_be_sent_again(api, number):
    check(api, [number])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.lists(NUMBERS, min_size=10, max_size=40))
def test_any_number_does(api, numbers):
    check(api, numbers)


def test_however_it_is_read(acme, api):
    """By the list, the ORM, and the statements of the platform."""
    sent(api, ["1.23e67"])
    assert api.get("/tasks").json()["results"][0]["params"]["n"] == [1.23e67]
    with operator_scope("operator:test"):
        assert isinstance(Task.objects.get().params["n"][0], float)
    with tenant_scope(acme.id):
        assert Task.objects.values_list("params", flat=True)[0] == {"n": [1.23e67]}


def test_a_result_with_more_digits_than_a_double_has_keeps_them():
    for number in (2**70, -(2**70), 10**400 + 1, 12345678901234567890123):
        assert read_jsonb(f'[{number}, "{number}"]') == [number, str(number)]
    assert read_jsonb("1" + "0" * 400) == 10**400, "no double is so large"
