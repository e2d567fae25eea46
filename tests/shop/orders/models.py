from decimal import Decimal

from django.conf import settings
from django.db import models
from django.utils import timezone

from stock.models import Product


class Order(models.Model):
    class Status(models.TextChoices):
        PLACED = "placed"
        RESERVED = "reserved"
        PAID = "paid"
        CANCELLED = "cancelled"

    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    card = models.CharField(max_length=16)
    placed_at = models.DateTimeField(default=timezone.now)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PLACED)
    reason = models.CharField(max_length=100, blank=True)

    def __str__(self) -> str:
        return f"order {self.pk}"

    @property
    def total(self) -> Decimal:
        return sum((line.amount * line.product.price for line in self.lines.select_related("product")), Decimal())

    def cancel(self, reason: str) -> None:
        """Put back what was reserved."""
        if self.status == self.Status.RESERVED:
            for line in self.lines.all():
                Product.objects.filter(pk=line.product_id).update(in_stock=models.F("in_stock") + line.amount)
        self.status, self.reason = self.Status.CANCELLED, reason
        self.save()


class Line(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT)
    amount = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.amount} × {self.product}"


class Payment(models.Model):
    """One for each order that was charged; `tries` counts calls of the gateway."""

    order = models.OneToOneField(Order, on_delete=models.CASCADE)
    tries = models.PositiveIntegerField(default=0)
    taken = models.DecimalField(max_digits=8, decimal_places=2, null=True)

    def __str__(self) -> str:
        return f"payment of {self.order}"
