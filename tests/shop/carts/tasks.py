from datetime import timedelta

from django.core.mail import send_mail
from django.utils import timezone

from carts.models import Cart
from shop.celery import app

ABANDONED_AFTER = timedelta(days=1)


@app.task(ignore_result=True)
def remind_of_abandoned_carts():
    """A task for each cart, so that one bad address stops nobody's reminder."""
    abandoned = Cart.objects.filter(
        changed_at__lt=timezone.now() - ABANDONED_AFTER, reminded_at=None, customer__wants_reminders=True
    )
    for pk in abandoned.values_list("pk", flat=True):
        remind.delay(cart_id=pk)


@app.task(ignore_result=True, autoretry_for=(OSError,), retry_backoff=True, retry_kwargs={"max_retries": 2})
def remind(cart_id: int):
    cart = Cart.objects.select_related("customer").get(pk=cart_id)
    if cart.reminded_at is not None:
        return
    names = ", ".join(cart.products.values_list("name", flat=True))
    send_mail("You left something behind", names, None, [cart.customer.email])
    cart.reminded_at = timezone.now()
    cart.save()
