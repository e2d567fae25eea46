"""Task types without a handler here, declared by a tenant for workers of its own."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from queueapp.models.base import JsonField, Now, TenantModel
from queueapp.retry_policy import retry_delay_seconds
from queueapp.type_patterns import TASK_TYPE_PATTERN


class TaskType(TenantModel):
    """What a tenant's tasks of one type look like and how they run. Its workers lease them over HTTP."""

    max_timeout_seconds: ClassVar[int | None] = None  # no cap of its own: the platform's applies
    expires_seconds: ClassVar[float | None] = None  # only where a submission says so

    type = models.CharField(max_length=200)
    queue = models.CharField(max_length=64, default="default")
    params_schema = JsonField(help_text="JSON Schema 2020-12 of the parameters.")
    timeout_seconds = models.IntegerField(default=300)
    max_retries = models.IntegerField(default=0, help_text="Tries after the first.")
    retry_base_seconds = models.FloatField(default=1.0)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "taskrunner_task_types"
        ordering = ("type",)
        constraints = (
            models.UniqueConstraint(name="tr_task_type_once", fields=("tenant", "type")),
            models.CheckConstraint(name="tr_task_type_format_of_declared", condition=Q(type__regex=TASK_TYPE_PATTERN)),
            models.CheckConstraint(
                name="tr_task_type_figures",
                condition=Q(timeout_seconds__gte=1, max_retries__gte=0, retry_base_seconds__gt=0),
            ),
        )

    def __str__(self) -> str:
        return self.type

    def retry_delay(self, failures: int) -> float:
        """The seconds before the next try, for the number of failures so far (1 = first)."""
        return retry_delay_seconds(failures, base_seconds=self.retry_base_seconds)
