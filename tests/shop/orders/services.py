"""What the rest of the shop does with orders."""

from datetime import timedelta

from celery import chain
from django.conf import settings
from django.db import transaction

from orders.models import Line, Order
from orders.tasks import ask_for_review, charge, release_unpaid, reserve_stock, send_receipt
from stock.models import Product


@transaction.atomic
def place_order(customer, card: str, amounts: dict[Product, int]) -> Order:
    """Store the order; then its stock is reserved, its card is charged, and its receipt is sent."""
    order = Order.objects.create(customer=customer, card=card)
    Line.objects.bulk_create(Line(order=order, product=product, amount=amount) for product, amount in amounts.items())
    transaction.on_commit(lambda: fulfil(order))
    return order


def fulfil(order: Order) -> None:
    chain(reserve_stock.s(order.pk), charge.s(), send_receipt.s()).apply_async()
    release_unpaid.apply_async(args=[order.pk], countdown=settings.PAY_WITHIN.total_seconds())
    due = order.placed_at + settings.ASK_FOR_REVIEW_AFTER
    ask_for_review.apply_async((order.pk,), eta=due, expires=due + timedelta(days=3))
