from datetime import timedelta
from decimal import Decimal

from django.test import override_settings
from django.utils import timezone

from customers.models import Customer
from orders.gateway import BUSY_TWICE, DECLINED
from orders.models import Order, Payment
from orders.services import place_order
from orders.tasks import charge, release_unpaid
from shop.mails import mails_of
from shop.testing import ShopTestCase
from stock.models import Product

GOOD = "4242424242424242"


class OrderTests(ShopTestCase):
    def setUp(self):
        self.tea = Product.objects.create(name="Tea", price=Decimal("4.50"), in_stock=5)
        self.cup = Product.objects.create(name="Cup", price=Decimal("12.00"), in_stock=1)

    def place(self, email, card=GOOD, amounts=None):
        customer = Customer.objects.create_user(email, email)
        return place_order(customer, card, amounts or {self.tea: 2, self.cup: 1})

    def now(self, order):
        order.refresh_from_db()
        return order

    def test_an_order_is_reserved_charged_and_gets_its_receipt(self):
        order = self.place("ada@shop.example")
        self.eventually(lambda: "Total: 21.00" in "".join(mails_of("ada@shop.example")))
        self.assertEqual(self.now(order).status, "paid")
        self.assertEqual(Payment.objects.get(order=order).taken, Decimal("21.00"))
        self.assertEqual(Product.objects.get(name="Tea").in_stock, 3)

    def test_a_busy_gateway_is_asked_again(self):
        order = self.place("bob@shop.example", BUSY_TWICE)
        self.eventually(lambda: mails_of("bob@shop.example"))
        self.assertEqual(Payment.objects.get(order=order).tries, 3)

    def test_a_declined_card_is_not_asked_again_and_its_stock_is_put_back(self):
        order = self.place("eve@shop.example", DECLINED)
        self.eventually(lambda: self.now(order).status == "cancelled")
        self.assertEqual((order.reason, Payment.objects.get(order=order).tries), ("The card was declined", 1))
        self.assertEqual(Product.objects.get(name="Cup").in_stock, 1)
        self.assertEqual(mails_of("eve@shop.example"), [])

    def test_what_is_out_of_stock_is_never_charged(self):
        order = self.place("dan@shop.example", amounts={self.tea: 1, self.cup: 2})
        self.eventually(lambda: self.now(order).status == "cancelled")
        self.assertEqual((order.reason, Payment.objects.count()), ("out of stock", 0))
        self.assertEqual(Product.objects.get(name="Tea").in_stock, 5)

    def test_a_mail_server_that_is_down_gets_the_receipt_later(self):
        self.place("busy@shop.example")
        self.eventually(lambda: len(mails_of("busy@shop.example")) == 1)

    def test_an_order_that_is_not_paid_in_time_is_cancelled(self):
        order = Order.objects.create(customer=Customer.objects.create_user("f", "f@shop.example"), card=GOOD)
        release_unpaid.apply_async(args=[order.pk], countdown=0.3)
        self.eventually(lambda: self.now(order).reason == "not paid in time")

    @override_settings(ASK_FOR_REVIEW_AFTER=timedelta(seconds=0.5))
    def test_who_has_paid_is_asked_for_a_review(self):
        self.place("kay@shop.example")
        self.eventually(lambda: "How do you like" in "".join(mails_of("kay@shop.example")))

    def test_a_task_can_be_called_as_the_function_that_it_is(self):
        order = self.place("leo@shop.example")
        self.eventually(lambda: mails_of("leo@shop.example"))
        self.assertEqual(charge(order.pk), order.pk)
        self.assertEqual(Payment.objects.get(order=order).tries, 2)

    def test_a_report_is_asked_for_by_its_id(self):
        order = self.place("mia@shop.example")
        self.eventually(lambda: mails_of("mia@shop.example"))
        started = self.client.post("/orders/report", {"year": timezone.localdate().year})
        self.assertEqual(started.status_code, 202)
        address = f"/orders/report/{started.json()['id']}"
        self.eventually(lambda: self.client.get(address).json()["status"] == "SUCCESS")
        self.assertIn(f"{order.pk},mia@shop.example,21.00", self.client.get(address).json()["csv"])
