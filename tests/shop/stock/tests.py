from decimal import Decimal

from shop.testing import ShopTestCase
from stock.models import Product
from stock.tasks import reorder


class StockTests(ShopTestCase):
    def test_what_runs_out_is_ordered(self):
        for name, in_stock in (("Tea", 2), ("Cup", 30)):
            Product.objects.create(name=name, price=Decimal(1), in_stock=in_stock)
        reorder.apply_async(kwargs={"below": 3, "amount": 7}, queue="celery")
        self.eventually(lambda: Product.objects.filter(name="Tea", reordered=7).exists())
        self.assertEqual(Product.objects.get(name="Cup").reordered, 0)
