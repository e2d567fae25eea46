"""The task row, which is the task, and the deduplication keys that point to it."""

from collections.abc import Sequence
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from queueapp.models.base import JsonField, LabelsField, Now, TenantModel
from queueapp.models.queues import Partition
from queueapp.redaction import secret_values
from queueapp.states import FINAL, Status, statuses_matching
from queueapp.type_patterns import TASK_TYPE_PATTERN


class TaskQuerySet(models.QuerySet["Task"]):
    """The vocabulary of filters, the same for every screen and command."""

    def matching(
        self,
        *,
        status: str | None = None,
        type_pattern: str | None = None,
        queue: str | None = None,
        label: str | None = None,
    ) -> "TaskQuerySet":
        """Narrow by whatever is given. `status` takes an exact name or one of STATUS_GROUPS.

        Raises ValueError for an unknown status.
        """
        tasks = self
        if status:
            tasks = tasks.filter(status__in=statuses_matching(status))
        if type_pattern and type_pattern.endswith(".*"):
            tasks = tasks.filter(type__startswith=type_pattern[:-1])
        elif type_pattern and type_pattern != "*":
            tasks = tasks.filter(type=type_pattern)
        if queue:
            tasks = tasks.filter(queue=queue)
        if label:
            tasks = tasks.filter(labels__contains=[label])
        return tasks


class Task(TenantModel):
    """One unit of work. Only lifecycle, claiming and the maintenance runner write its state.

    `attempt` is the fence and grows at every claim; `failures` counts handler errors and time-outs;
    `crash_count` counts leases lost to dead workers.
    """

    artifact_ids: Sequence[UUID] = ()  # no column: set by queries that look them up (api/finding.py)

    type = models.CharField(max_length=200)
    queue = models.CharField(max_length=64)
    partition = models.ForeignKey(
        Partition, on_delete=models.PROTECT, db_constraint=False, db_index=False, editable=False
    )
    params = JsonField(default=dict, db_default={})
    requirements = JsonField(default=dict, db_default={})
    # null where there are none: an empty array would cost each task 13 bytes
    labels = LabelsField(models.CharField(max_length=64), default=list, null=True, blank=True)

    status = models.CharField(max_length=20, choices=[(status.value, status.value) for status in Status])
    # those of django.tasks, −100…100, lie around 5: see queueapp/contrib/django_tasks
    priority = models.SmallIntegerField(default=5, db_default=5, help_text="1–10, 10 the most urgent.")
    run_at = models.DateTimeField(db_default=Now(), help_text="Not claimed before this moment.")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="No attempt starts from this moment on.")
    # drawn from a sequence by the trigger each time the task becomes queued: the order of arrival
    ready_seq = models.BigIntegerField(editable=False)

    attempt = models.IntegerField(default=0, db_default=0)
    failures = models.IntegerField(default=0, db_default=0)
    crash_count = models.SmallIntegerField(default=0, db_default=0)
    max_retries = models.IntegerField(default=0, db_default=0, help_text="Tries after the first.")
    timeout_seconds = models.IntegerField(default=300, db_default=300)

    # the last worker that claimed the task; with lease_expires_at set, the one that holds it
    worker_id = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    # no foreign key: that one may be deleted by age before this one
    retried_from_id = models.UUIDField(
        null=True, blank=True, editable=False, help_text="The task that this one repeats, with or without changes."
    )
    cancel_requested_at = models.DateTimeField(null=True, blank=True)

    progress = JsonField(null=True, blank=True, help_text="{fraction: 0–1, message}")
    result = JsonField(null=True, blank=True)
    error_code = models.CharField(max_length=100, default="", db_default="", blank=True)
    error_message = models.TextField(default="", db_default="", blank=True)
    # null while nothing was raised: a column of text would cost every task a byte, and its writing time
    error_detail = JsonField(null=True, blank=True, help_text="{exception_class, traceback} of what was raised")
    # what it has in common with others that failed in the same way (queueapp/fingerprints.py)
    error_fingerprint = models.CharField(max_length=16, null=True, blank=True)  # noqa: DJ001 (as error_detail)

    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True, help_text="Start of the latest attempt.")
    finished_at = models.DateTimeField(null=True, blank=True)
    run_seconds = models.FloatField(
        null=True, blank=True, help_text="In the handler itself, of the latest attempt that ended."
    )

    objects = TaskQuerySet.as_manager()

    class Meta:
        db_table = "taskrunner_tasks"
        permissions = (("view_payloads", "Can see parameters, results and artifacts"),)
        ordering = ("-id",)
        constraints = (
            # also the target of the composite foreign keys, and the order of a tenant's task list
            models.UniqueConstraint(name="tr_task_id_within_tenant", fields=("tenant", "id")),
            models.CheckConstraint(name="tr_task_status_known", condition=Q(status__in=[*Status])),
            models.CheckConstraint(name="tr_task_type_format", condition=Q(type__regex=TASK_TYPE_PATTERN)),
            models.CheckConstraint(name="tr_task_priority_range", condition=Q(priority__range=(-95, 105))),
            models.CheckConstraint(
                name="tr_task_counters_not_negative",
                condition=Q(attempt__gte=0, failures__gte=0, crash_count__gte=0, max_retries__gte=0),
            ),
            models.CheckConstraint(name="tr_task_timeout_positive", condition=Q(timeout_seconds__gte=1)),
            models.CheckConstraint(
                name="tr_task_finished_iff_final",
                condition=Q(status__in=sorted(FINAL), finished_at__isnull=False)
                | (~Q(status__in=sorted(FINAL)) & Q(finished_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="tr_task_leased_iff_lease",
                condition=Q(status=Status.LEASED, lease_expires_at__isnull=False, worker_id__isnull=False)
                | (~Q(status=Status.LEASED) & Q(lease_expires_at__isnull=True)),
            ),
        )
        indexes = (
            # not by id: what was submitted together, and each version of a row, share one entry
            models.Index(name="tr_task_by_partition", fields=("partition", "created_at")),
            # the hot ones are partial: their cost follows the head of the backlog, not the history
            models.Index(
                name="tr_task_ready_by_priority",
                fields=("partition", "priority", "ready_seq"),
                condition=Q(status=Status.QUEUED),
            ),
            models.Index(
                name="tr_task_ready_by_tenant",
                fields=("partition", "tenant", "priority", "ready_seq"),
                condition=Q(status=Status.QUEUED),
            ),
            models.Index(
                name="tr_task_due", fields=("run_at",), condition=Q(status__in=(Status.SCHEDULED, Status.FAILED))
            ),
            models.Index(
                name="tr_task_expiry",
                fields=("expires_at",),
                condition=Q(
                    expires_at__isnull=False,
                    status__in=(Status.SCHEDULED, Status.BLOCKED, Status.QUEUED, Status.FAILED),
                ),
            ),
            models.Index(name="tr_task_lease", fields=("lease_expires_at",), condition=Q(status=Status.LEASED)),
            # what has come of a task that was submitted again
            models.Index(
                name="tr_task_retried_from", fields=("retried_from_id",), condition=Q(retried_from_id__isnull=False)
            ),
            # what operators look for among a long history of completed tasks
            models.Index(
                name="tr_task_attention",
                # upwards, as ids grow: an index that grows at its lower end keeps its pages half empty
                fields=("status", "id"),
                condition=Q(
                    status__in=(
                        Status.SCHEDULED,
                        Status.BLOCKED,
                        Status.FAILED,
                        Status.DEAD_LETTER,
                        Status.CANCELLED,
                    )
                ),
            ),
            models.Index(
                name="tr_task_by_error",
                fields=("error_fingerprint", "id"),
                condition=Q(error_fingerprint__isnull=False, status__in=(Status.FAILED, Status.DEAD_LETTER)),
            ),
            # what needs attention of one tenant, which cannot see how rare its own are among those of others
            models.Index(
                name="tr_task_attention_of_tenant",
                fields=("tenant", "status", "id"),
                condition=Q(status__in=(Status.FAILED, Status.DEAD_LETTER, Status.CANCELLED)),
            ),
            # and of a type or a queue: a rare failure is not looked for among all that went well
            models.Index(
                name="tr_task_attention_by_partition",
                fields=("partition", "status", "created_at"),
                condition=Q(status__in=(Status.FAILED, Status.DEAD_LETTER, Status.CANCELLED)),
            ),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.id}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What its parameters call secret, for `masked`."""
        return secret_values(self.params)

    @property
    def error_class(self) -> str:
        """The dotted path of what the latest attempt raised; empty where it raised nothing."""
        return self.error_detail["exception_class"] if self.error_detail else ""

    @property
    def error_traceback(self) -> str:
        """Where it was raised, without secrets."""
        return self.error_detail["traceback"] if self.error_detail else ""


class DedupKey(TenantModel):
    """Until `expires_at`, a submit with this key in this queue yields the task it points to."""

    queue = models.CharField(max_length=64)
    key = models.CharField(max_length=200)
    expires_at = models.DateTimeField()
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    # whose key the task took over while it was live: what a submit that replaces is told
    replaced_task_id = models.UUIDField(null=True)

    class Meta:
        db_table = "taskrunner_dedup_keys"
        constraints = (
            models.UniqueConstraint(name="tr_dedup_key_once", fields=("tenant", "queue", "key")),
            models.CheckConstraint(name="tr_dedup_key_not_empty", condition=~Q(key="")),
        )
        indexes = (
            models.Index(name="tr_dedup_key_by_task", fields=("tenant", "task")),
            models.Index(F("expires_at"), name="tr_dedup_key_expiry"),
        )

    def __str__(self) -> str:
        return f"{self.queue}/{self.key}"
