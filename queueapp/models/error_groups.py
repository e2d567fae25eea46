"""Failures of one kind, counted together: those of a tenant with one fingerprint."""

from django.db import models
from django.db.models import Q

from queueapp.conf import MAX_RELEASE_CHARACTERS
from queueapp.fingerprints import MAX_TITLE_CHARACTERS
from queueapp.models.base import TenantModel


class ErrorGroup(TenantModel):
    """A kind of failure that a tenant's tasks met, and what people decided. Maintenance folds it from the deltas."""

    class State(models.TextChoices):
        OPEN = "open"
        IGNORED = "ignored"
        RESOLVED = "resolved"

    fingerprint = models.CharField(max_length=16)
    type = models.CharField(max_length=200)
    code = models.CharField(max_length=100)
    title = models.CharField(
        max_length=MAX_TITLE_CHARACTERS, help_text="The message without secrets, with N for what varies."
    )
    exception_class = models.CharField(max_length=200)
    failures = models.BigIntegerField(help_text="All that were counted.")
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    first_release = models.CharField(max_length=MAX_RELEASE_CHARACTERS, help_text="Of the worker; empty: none.")
    last_release = models.CharField(max_length=MAX_RELEASE_CHARACTERS)
    # a failure lately: its traceback is in the log of that task
    sample_task_id = models.UUIDField()
    sample_attempt = models.IntegerField()

    state = models.CharField(max_length=10, choices=State, default=State.OPEN, db_default=State.OPEN)
    ignored_until = models.BigIntegerField(null=True, help_text="Open again once so many failures were counted.")
    resolved_in = models.CharField(max_length=MAX_RELEASE_CHARACTERS, default="", db_default="")
    note = models.TextField(default="", db_default="")
    changed_by = models.CharField(max_length=200, default="", db_default="")
    changed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "taskrunner_error_groups"
        constraints = (
            models.UniqueConstraint(name="tr_error_group_once", fields=("tenant", "fingerprint")),
            models.CheckConstraint(
                name="tr_error_group_state_known", condition=Q(state__in=("open", "ignored", "resolved"))
            ),
        )
        indexes = (
            models.Index(name="tr_error_group_by_fingerprint", fields=("fingerprint",)),
            models.Index(name="tr_error_group_by_last_seen", fields=("last_seen",)),
        )

    def __str__(self) -> str:
        return f"{self.type}: {self.title}"


class ErrorStat(TenantModel):
    """How many failures of a group there were in a span of time, which begins at a multiple of its length."""

    fingerprint = models.CharField(max_length=16)
    span_seconds = models.IntegerField(help_text="300 or 3600: each failure is counted in one of either.")
    starts_at = models.DateTimeField()
    failures = models.BigIntegerField()

    class Meta:
        db_table = "taskrunner_error_stats"
        constraints = (
            models.UniqueConstraint(
                name="tr_error_stat_once", fields=("tenant", "fingerprint", "span_seconds", "starts_at")
            ),
        )
        indexes = (models.Index(name="tr_error_stat_by_age", fields=("span_seconds", "starts_at")),)

    def __str__(self) -> str:
        return f"{self.starts_at}: {self.failures} × {self.fingerprint}"
