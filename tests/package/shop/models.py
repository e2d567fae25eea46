"""Words that Taskrunner has too: a column `tasks`, a `tenant_id` that is none of ours, a user model of one's own."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class Customer(AbstractUser):
    tenant_id = models.IntegerField(default=0)


class Order(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    tenant_id = models.IntegerField(default=0)
    tasks = models.IntegerField(default=0)
    shipped = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"order {self.pk}"
