from django.db import models


class Product(models.Model):
    name = models.CharField(max_length=100)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    in_stock = models.PositiveIntegerField(default=0)
    reordered = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.name
