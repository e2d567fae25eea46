"""A table such as a user's own app has: its rows belong to tenants, and are never changed."""

from django.db import models


class SampleNote(models.Model):
    tenant = models.ForeignKey("queueapp.Tenant", on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    topic = models.TextField(default="")

    def __str__(self) -> str:
        return self.text
