"""What both type checkers must accept."""

from typing import assert_type
from uuid import UUID

from queueapp import TaskContext, current_task, task
from queueapp.contrib import celery as bridge
from queueapp.models import Task


class Receipt: ...


@task
def refund(order_id: int, reason: str = "") -> bool:
    return bool(current_task().attempt)


@task("shop.charge", queue="payments", max_retries=3, retry_on=[ConnectionError], expires_seconds=3600)
def charge(context: TaskContext, order_id: int, *, card: str) -> Receipt:
    return Receipt()


@task()
def tidy() -> None: ...


@task
async def fetch(url: str) -> Receipt:
    return Receipt()


@task("shop.look", concurrency=100)
async def look(context: TaskContext, order_id: int) -> bool:
    return await context.aattach("file", b"", content_type="text/plain") is not None


def call(context: TaskContext) -> None:
    assert_type(refund(1), bool)
    assert_type(charge(context, 1, card="…"), Receipt)


def submit() -> None:
    assert_type(refund.submit(order_id=1), Task)
    assert_type(refund.submit(1, "broken"), Task)
    assert_type(charge.submit(1, card="…"), Task)
    assert_type(charge.using(priority=9, delay_seconds=60, dedup={"key": "1"}).submit(order_id=1, card="…"), Task)
    assert_type(charge.submit_many(charge.request(n, card="…") for n in range(3)), list[UUID])
    assert_type(tidy.using(tenant="acme").submit(), Task)


def perform() -> None:
    assert_type(refund.perform(1), bool)
    assert_type(charge.perform(1, card="…"), Receipt)
    assert_type(charge.using(priority=9, expires_seconds=60).perform(order_id=1, card="…"), Receipt)
    assert_type(fetch.perform("https://…"), Receipt)


@bridge.task("shop.bridged", bind=True, max_retries=2)
def bridged(self: bridge.BoundTask, order_id: int, *, note: str = "") -> bool:
    return self.request.retries > 0


def callers() -> None:
    assert_type(bridged.delay(1, note="…"), bridge.AsyncResult)
    assert_type(bridged.apply_async((1,), countdown=60), bridge.AsyncResult)
    assert_type(bridged(1), bool)
    assert_type(bridged.submit(order_id=1), Task)


async def view(context: TaskContext) -> None:
    assert_type(await charge.asubmit(1, card="…"), Task)
    assert_type(await fetch("https://…"), Receipt)
    assert_type(await look(context, 1), bool)
    assert_type(await look.using(priority=9).asubmit(order_id=1), Task)
    assert_type(fetch.using(tenant="acme").submit("https://…"), Task)
