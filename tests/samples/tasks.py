"""Sample task functions, in a module named as Django projects name it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, Field

from queueapp import TaskContext, task
from tests.samples import django_calls  # noqa: F401 (tasks of django.tasks)


class Card(BaseModel):
    number: str = Field(min_length=4)
    holder: str = "nobody"


@dataclass
class Receipt:
    order_id: int
    amount: Decimal
    at: datetime


@task(max_retries=3)
def charge(order_id: int, card: Card, *, amount: Annotated[Decimal, Field(gt=0)] = Decimal("9.90")) -> Receipt:
    """Take the money."""
    return Receipt(order_id, amount, datetime(2026, 1, 31, 12, tzinfo=UTC))


@task("sample.greet", queue="default")
def greet(context: TaskContext, name: str, times: int = 1) -> list[str]:
    context.log("greeting", name=name)
    return [f"Hello {name}"] * times


@task
def keep_bytes(content: bytes) -> int:
    return len(content)
