from pydantic import BaseModel

from queueapp import TaskContext, handler, task
from shop.models import Order


class Greeting(BaseModel):
    name: str


@handler("shop.greet", params=Greeting)
def greet(task: TaskContext, params: Greeting) -> str:
    return f"Hello, {params.name}!"


class Parcel(BaseModel):
    order: int


@handler("shop.ship", params=Parcel, transactional=True)
def ship(task: TaskContext, params: Parcel) -> bool:
    return bool(Order.objects.filter(pk=params.order).update(shipped=True))


@task("shop.pack", expires_seconds=3600)
def pack(context: TaskContext, order: int) -> list[str]:
    context.log("packing")
    Order.objects.filter(pk=order).update(tasks=4)
    return [f"parcel of {order}"]
