"""Schedules, and what became of each of their slots."""

from django.db import models
from django.db.models import Q

from queueapp.models.base import JsonField, Now, TenantModel
from queueapp.timing import MAX_EXPRESSION, MAX_INTERVAL_SECONDS, MISSED, OVERLAP, SCHEDULE_NAME_PATTERN
from queueapp.type_patterns import TASK_TYPE_PATTERN


class Schedule(TenantModel):
    """When tasks of a type are submitted by themselves. Exactly one of `cron`, `every_seconds` and `once_at` is set.

    All slots up to `decided_until` are decided; `next_slot_at` is the first after it, for the index alone.
    """

    name = models.CharField(max_length=200)
    type = models.CharField(max_length=200)
    params = JsonField(default=dict, db_default={}, blank=True)
    options = JsonField(default=dict, db_default={}, blank=True, help_text="Of the submission: queue, priority, …")
    cron = models.CharField(max_length=MAX_EXPRESSION, null=True, blank=True)  # noqa: DJ001 (null: another timing)
    every_seconds = models.IntegerField(null=True, blank=True)
    once_at = models.DateTimeField(null=True, blank=True)
    timezone = models.CharField(max_length=64, default="UTC", db_default="UTC", help_text="Of the cron expression.")
    missed = models.CharField(
        max_length=10,
        choices=[(name, name) for name in MISSED],
        default="latest",
        db_default="latest",
        help_text="Which slots are made up for that nobody could fire within a minute.",
    )
    overlap = models.CharField(
        max_length=10,
        choices=[(name, name) for name in OVERLAP],
        default="allow",
        db_default="allow",
        help_text="Whether a slot fires while the task of the one before has not ended.",
    )
    declared_by_code = models.BooleanField(default=False, db_default=False, editable=False)
    undeclared_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Since when the code declares it no more: no slot fires."
    )
    paused_at = models.DateTimeField(null=True, blank=True, help_text="No slot fires while set.")
    pause_reason = models.TextField(default="", db_default="", blank=True)
    decided_until = models.DateTimeField(db_default=Now(), editable=False)
    next_slot_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="Null: there is none.")
    last_task_id = models.UUIDField(null=True, blank=True, editable=False)
    # of what people change, so that nobody overwrites what he has not seen
    revision = models.IntegerField(default=1, db_default=1, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "taskrunner_schedules"
        ordering = ("-id",)
        constraints = (
            # also the target of the composite foreign key of its slots
            models.UniqueConstraint(name="tr_schedule_id_within_tenant", fields=("tenant", "id")),
            models.UniqueConstraint(name="tr_schedule_name_once", fields=("tenant", "name")),
            models.CheckConstraint(name="tr_schedule_name_format", condition=Q(name__regex=SCHEDULE_NAME_PATTERN)),
            models.CheckConstraint(name="tr_schedule_type_format", condition=Q(type__regex=TASK_TYPE_PATTERN)),
            models.CheckConstraint(
                name="tr_schedule_has_one_timing",
                condition=Q(cron__isnull=False, every_seconds__isnull=True, once_at__isnull=True)
                | Q(cron__isnull=True, every_seconds__isnull=False, once_at__isnull=True)
                | Q(cron__isnull=True, every_seconds__isnull=True, once_at__isnull=False),
            ),
            models.CheckConstraint(
                name="tr_schedule_interval_range", condition=Q(every_seconds__range=(1, MAX_INTERVAL_SECONDS))
            ),
            models.CheckConstraint(name="tr_schedule_missed_known", condition=Q(missed__in=MISSED)),
            models.CheckConstraint(name="tr_schedule_overlap_known", condition=Q(overlap__in=OVERLAP)),
            models.CheckConstraint(
                name="tr_schedule_next_slot_undecided",
                condition=Q(next_slot_at__isnull=True) | Q(next_slot_at__gt=models.F("decided_until")),
            ),
        )
        indexes = (
            # what maintenance looks through each second: the head of it
            models.Index(
                name="tr_schedule_due",
                fields=("next_slot_at",),
                condition=Q(paused_at__isnull=True, undeclared_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        """Whether its slots fire; those of a tenant that is suspended do not either."""
        return self.paused_at is None and self.undeclared_at is None


class ScheduleSlot(TenantModel):
    """One slot of a schedule, and what became of it. There is one row a slot, whoever fires."""

    class Outcome(models.TextChoices):
        FIRED = "fired"
        SKIPPED_OVERLAP = "skipped_overlap"  # the task of the slot before had not ended
        SKIPPED_MISSED = "skipped_missed"  # one row for all slots from this to `skipped_until`
        REFUSED = "refused"  # the submission was; `reason` says why

    # goes with its schedule by a constraint of the database: a client may delete that one, and no row of this table
    schedule = models.ForeignKey(
        Schedule, on_delete=models.DO_NOTHING, related_name="slots", db_constraint=False, db_index=False
    )
    slot_at = models.DateTimeField()
    skipped_until = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=20, choices=Outcome)
    # no foreign key: it is known after the task has been deleted by age
    task_id = models.UUIDField(null=True, blank=True)
    reason = models.TextField(default="", db_default="", blank=True)
    decided_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "taskrunner_schedule_slots"
        ordering = ("-slot_at",)
        constraints = (
            models.UniqueConstraint(name="tr_slot_once", fields=("tenant", "schedule", "slot_at")),
            models.CheckConstraint(
                name="tr_slot_outcome_known",
                condition=Q(outcome__in=("fired", "skipped_overlap", "skipped_missed", "refused")),
            ),
            models.CheckConstraint(
                name="tr_slot_task_iff_fired",
                condition=Q(outcome="fired", task_id__isnull=False) | (~Q(outcome="fired") & Q(task_id__isnull=True)),
            ),
            models.CheckConstraint(
                name="tr_slot_span_iff_missed",
                condition=Q(outcome="skipped_missed", skipped_until__gte=models.F("slot_at"))
                | (~Q(outcome="skipped_missed") & Q(skipped_until__isnull=True)),
            ),
        )
        indexes = (models.Index(name="tr_slot_by_age", fields=("decided_at",)),)

    def __str__(self) -> str:
        return f"{self.slot_at} {self.outcome}"
