from django.contrib.auth.models import AbstractUser
from django.db import models


class Customer(AbstractUser):
    """Signs in with the address that the receipts go to."""

    email = models.EmailField(unique=True)
    wants_reminders = models.BooleanField(default=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["username"]
