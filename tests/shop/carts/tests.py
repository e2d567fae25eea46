from datetime import timedelta

from django.utils import timezone

from carts.models import Cart
from carts.tasks import remind_of_abandoned_carts
from customers.models import Customer
from shop.mails import mails_of
from shop.testing import ShopTestCase


class CartTests(ShopTestCase):
    def cart(self, email, age, **customer):
        owner = Customer.objects.create_user(email, email, **customer)
        return Cart.objects.create(customer=owner, changed_at=timezone.now() - age)

    def test_abandoned_carts_are_remembered_once(self):
        old = self.cart("old@shop.example", timedelta(days=2))
        self.cart("new@shop.example", timedelta(hours=2))
        self.cart("no@shop.example", timedelta(days=2), wants_reminders=False)
        for _ in range(2):
            remind_of_abandoned_carts.delay()
            self.eventually(lambda: Cart.objects.filter(pk=old.pk, reminded_at__isnull=False).exists())
        got = [len(mails_of(f"{name}@shop.example")) for name in ("old", "new", "no")]
        self.assertEqual(got, [1, 0, 0])
