"""What tasks leave behind: artifacts, whose bytes lie in an object store, and the objects that no artifact claims."""

from django.db import models
from django.db.models import CharField, F, Q, TextField, Value
from django.db.models.functions import Cast, Concat
from django.db.models.lookups import LessThanOrEqual

from queueapp.models.api_keys import DIGEST_PATTERN
from queueapp.models.base import JsonField, Now, TenantModel
from queueapp.models.tasks import Task

ARTIFACT_TYPE_PATTERN = r"^[A-Za-z0-9_.-]{1,100}$"
CONTENT_TYPE_PATTERN = r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(; ?[A-Za-z0-9_-]+=[A-Za-z0-9_.-]+)*$"
MAX_METADATA_BYTES = 16_384
# jsonb spells numbers out (1e300 takes 301 digits), so what was small as JSON may take more in the table
MAX_STORED_METADATA_BYTES = 64 * MAX_METADATA_BYTES


class OctetLength(models.Func):
    """The bytes of a text."""

    function = "octet_length"
    output_field = models.IntegerField()


def _object_key() -> models.GeneratedField:
    """tenant/task/artifact, made by the database: no row can point to another tenant's object."""
    slash = Value("/", output_field=TextField())
    parts = [Cast(F(name), TextField()) for name in ("tenant_id", "task_id", "id")]
    key = Concat(parts[0], slash, parts[1], slash, parts[2], output_field=CharField(max_length=110))
    return models.GeneratedField(expression=key, output_field=CharField(max_length=110), db_persist=True)


class Artifact(TenantModel):
    """Bytes that belong to a task. Written once: after its object, never changed."""

    task = models.ForeignKey(
        Task, on_delete=models.CASCADE, related_name="artifacts", db_constraint=False, db_index=False
    )
    attempt = models.IntegerField(help_text="The task's, when it was stored.")
    type = models.CharField(max_length=100, help_text="What it is to the task, such as echo_result.")
    content_type = models.CharField(max_length=200)
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    object_key = _object_key()
    metadata = JsonField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "taskrunner_artifacts"
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(name="tr_artifact_type_format", condition=Q(type__regex=ARTIFACT_TYPE_PATTERN)),
            models.CheckConstraint(
                name="tr_artifact_content_type_format", condition=Q(content_type__regex=CONTENT_TYPE_PATTERN)
            ),
            models.CheckConstraint(name="tr_artifact_sha256_format", condition=Q(sha256__regex=DIGEST_PATTERN)),
            models.CheckConstraint(
                name="tr_artifact_figures_not_negative", condition=Q(size_bytes__gte=0, attempt__gte=0)
            ),
            models.CheckConstraint(
                name="tr_artifact_metadata_bounded",
                condition=Q(LessThanOrEqual(OctetLength(Cast("metadata", TextField())), MAX_STORED_METADATA_BYTES)),
            ),
        )
        indexes = (
            models.Index(name="tr_artifact_by_tenant", fields=("tenant", "-id")),
            models.Index(name="tr_artifact_by_type", fields=("tenant", "type", "-id")),
            models.Index(name="tr_artifact_by_task", fields=("task", "id")),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


class PendingObject(TenantModel):
    """An object that no artifact claims, by the artifact's id: it is being written, or its artifact is gone.

    Once `due_at` has passed, the sweep takes it (`taken_at`) and deletes the object; nobody can claim it after that.
    """

    task_id = models.UUIDField()
    object_key = _object_key()
    due_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "taskrunner_pending_objects"
        indexes = (models.Index(name="tr_pending_object_due", fields=("due_at",)),)

    def __str__(self) -> str:
        return str(self.object_key)
