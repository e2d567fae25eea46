"""What a task function submits: as it is called, with options, many at once, and from async code."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction
from pydantic import AfterValidator

from queueapp import get_task, submit_many, task
from queueapp.errors import DuplicateTask, InvalidTask
from queueapp.models import Task
from queueapp.tenancy import bind_tenant, operator_scope
from tests.samples.tasks import Card, charge, greet, keep_bytes


@pytest.fixture(autouse=True)
def bound(acme):
    with bind_tenant(acme.id):
        yield


def stored():
    with operator_scope("operator:test"):
        return list(Task.objects.order_by("id"))


def test_the_arguments_are_those_of_a_call():
    first = charge.submit(1, Card(number="4242"), amount=Decimal("1.10"))
    again = charge.submit(order_id=1, card=Card(number="4242"), amount=Decimal("1.10"))
    params = {"order_id": 1, "card": {"number": "4242", "holder": "nobody"}, "amount": "1.10"}
    assert first.params == again.params == params
    assert (first.type, first.max_retries) == ("tests.samples.charge", 3)


def test_a_default_is_stored_as_it_was_at_submit():
    assert greet.submit("Ada").params == {"name": "Ada", "times": 1}


@pytest.mark.parametrize(
    ("arguments", "named", "message"),
    [
        ((), {"name": "a", "tims": 2}, "unexpected keyword argument 'tims'"),
        ((), {}, "missing a required argument: 'name'"),
        (("a", 1, 2), {}, "too many positional arguments"),
        (("a",), {"name": "b"}, "multiple values for argument 'name'"),
    ],
)
def test_arguments_that_do_not_fit_are_a_type_error_as_in_a_call(arguments, named, message):
    with pytest.raises(TypeError, match=message):
        greet.submit(*arguments, **named)
    assert stored() == []


def test_values_that_do_not_fit_are_refused_by_their_names():
    with pytest.raises(InvalidTask) as refused:
        charge.submit(order_id="one", card=Card.model_construct(number="1"), amount=Decimal(0))
    assert [error.field for error in refused.value.errors] == ["params.order_id", "params.amount"]
    with pytest.raises(InvalidTask, match=r"params\.card\.number: .* at least 4 characters"):
        charge.submit(order_id=1, card=Card.model_construct(number="1"))  # which claims to be checked
    assert stored() == []


def test_a_refusal_does_not_repeat_a_secret():
    def must_be_known(value: str) -> str:
        raise ValueError(f"{value} is not known")

    def sign_in(password: Annotated[str, AfterValidator(must_be_known)]) -> None: ...

    with pytest.raises(InvalidTask, match=r"params\.password: \*\*\* is not known"):
        task("test.sign_in")(sign_in).submit(password="correct horse battery")


def test_options_are_said_before_the_call(globex):
    urgent = greet.using(priority=9, labels=["vip"])
    later = urgent.using(delay_seconds=60, priority=8, queue="default", max_retries=2)
    assert (urgent.submit("Ada").priority, later.submit("Ada").priority, greet.submit("Ada").priority) == (9, 8, 5)
    task = later.using(timeout_seconds=7, run_at=None).submit("Ada")
    assert (task.labels, task.status, task.max_retries, task.timeout_seconds) == (["vip"], "scheduled", 2, 7)
    assert greet.using(tenant="globex").submit("Ada").tenant_id == globex.id
    with pytest.raises(InvalidTask, match="prio"):
        greet.using(prio=9).submit("Ada")


def test_a_key_finds_the_task_that_holds_it():
    once = greet.using(dedup={"key": "ada"})
    assert once.submit("Ada").id == once.submit("Ada").id
    with pytest.raises(DuplicateTask):
        greet.using(dedup={"key": "ada", "on_conflict": "reject"}).submit("Ada")


def test_many_are_submitted_in_order_or_none():
    ids = greet.submit_many(greet.request(name) for name in ("Ada", "Alan"))
    assert [get_task(task_id).params["name"] for task_id in ids] == ["Ada", "Alan"]
    with pytest.raises(InvalidTask, match=r"params\.name"):
        greet.submit_many([greet.request("Ada"), greet.request(7)])
    assert len(stored()) == 2
    assert greet.submit_many([]) == []


def test_each_of_many_may_have_options_of_its_own():
    urgent = greet.using(priority=9, labels=["vip"])
    ids = greet.using(priority=3).submit_many([greet.request("Ada"), urgent.request("Alan")])
    assert [(task.priority, task.labels) for task in map(get_task, ids)] == [(3, []), (9, ["vip"])]


def test_requests_of_several_functions_are_submitted_together():
    ids = submit_many([greet.request("Ada"), charge.request(1, Card(number="4242"))])
    assert [get_task(task_id).type for task_id in ids] == ["sample.greet", "tests.samples.charge"]


def test_many_are_of_one_tenant(globex):
    ids = greet.using(tenant="globex").submit_many([greet.request("Ada")])
    assert get_task(ids[0], tenant="globex").tenant_id == globex.id
    with pytest.raises(TypeError, match="names no tenant"):
        greet.using(tenant="globex").request("Ada")


def test_a_rollback_takes_the_task_with_it_also_from_async_code():
    async def view() -> UUID:
        return (await greet.using(priority=8).asubmit("Ada")).id

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        async_to_sync(view)()
        raise ZeroDivisionError
    assert stored() == []
    assert get_task(async_to_sync(view)()).priority == 8


def test_what_is_submitted_need_not_be_json():
    def remind(at: datetime, of: set[UUID], how: tuple[str, ...] = ()) -> None: ...

    order = UUID(int=7)
    at = datetime(2026, 1, 31, tzinfo=UTC)
    assert task("test.remind")(remind).submit(at, {order}).params == {
        "at": "2026-01-31T00:00:00Z",
        "of": [str(order)],
        "how": [],
    }


def test_what_json_cannot_carry_is_refused_as_a_parameter_is():
    with pytest.raises(InvalidTask, match=r"params: .*utf-?8"):
        keep_bytes.submit(b"\xff")
    assert stored() == []
