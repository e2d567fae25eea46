import csv
import io
from smtplib import SMTPException

from celery import shared_task
from celery.utils.log import get_task_logger
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F

from orders import gateway
from orders.models import Order, Payment
from stock.models import Product

logger = get_task_logger(__name__)


class Stopped(Exception):
    """The order goes no further."""


@shared_task(acks_late=True, throws=(Stopped,))
def reserve_stock(order_id):
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=order_id, status=Order.Status.PLACED)
        for line in order.lines.all():
            enough = Product.objects.filter(pk=line.product_id, in_stock__gte=line.amount)
            if not enough.update(in_stock=F("in_stock") - line.amount):
                transaction.set_rollback(True)
                break
        else:
            order.status = Order.Status.RESERVED
            order.save()
    if order.status != Order.Status.RESERVED:
        order.cancel("out of stock")
        raise Stopped(f"{order} is out of stock")
    return order_id


# the gateway asks for pauses that grow
@shared_task(
    bind=True,
    autoretry_for=(gateway.Busy,),
    max_retries=5,
    retry_backoff=True,
    retry_backoff_max=60,
    retry_jitter=False,
    throws=(Stopped,),
)
def charge(self, order_id):
    logger.info("order %s, try %s, task %s", order_id, self.request.retries + 1, self.request.id)
    order = Order.objects.get(pk=order_id)
    payment, _ = Payment.objects.get_or_create(order=order)
    Payment.objects.filter(pk=payment.pk).update(tries=F("tries") + 1)
    try:
        gateway.take(order.card, order.total, tries=payment.tries)
    except gateway.Declined as error:
        order.cancel(str(error))
        raise Stopped(str(error)) from error
    Payment.objects.filter(pk=payment.pk).update(taken=order.total)
    Order.objects.filter(pk=order_id).update(status=Order.Status.PAID)
    return order_id


@shared_task(bind=True, max_retries=3, default_retry_delay=60)
def send_receipt(self, order_id):
    order = Order.objects.select_related("customer").get(pk=order_id)
    lines = "\n".join(str(line) for line in order.lines.select_related("product"))
    try:
        send_mail(f"Receipt of {order}", f"{lines}\nTotal: {order.total}", None, [order.customer.email])
    except SMTPException as error:
        raise self.retry(exc=error, countdown=0.2) from error
    return order_id


@shared_task
def release_unpaid(order_id):
    order = Order.objects.filter(pk=order_id).exclude(status__in=(Order.Status.PAID, Order.Status.CANCELLED)).first()
    if order is not None:
        order.cancel("not paid in time")


@shared_task
def ask_for_review(order_id):
    order = Order.objects.filter(pk=order_id, status=Order.Status.PAID).select_related("customer").first()
    if order is not None:
        send_mail(f"How do you like {order}?", "Tell us.", None, [order.customer.email])


@shared_task(time_limit=120)
def sales_report(year: int) -> str:
    """All orders that were paid in a year, as CSV."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["order", "customer", "total"])
    for order in Order.objects.filter(status=Order.Status.PAID, placed_at__year=year).select_related("customer"):
        rows.writerow([order.pk, order.customer.email, order.total])
    return text.getvalue()
