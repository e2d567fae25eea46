"""Keys of the REST API, and the requests that it promised to carry out only once."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from queueapp.models.base import JsonField, Now, TenantModel

DIGEST_PATTERN = "^[0-9a-f]{64}$"


class ApiKey(TenantModel):
    """A key as the platform knows it: what it may do and how to authenticate it, never the key itself.

    Read before a tenant is known, by the function taskrunner_find_api_key (schema/40_api_keys.sql).
    """

    class Role(models.TextChoices):
        CLIENT = "client"
        WORKER = "worker"
        ADMIN = "admin"

    name = models.CharField(max_length=100, help_text="Whose key it is; two live keys of a name allow for rotation.")
    role = models.CharField(max_length=10, choices=Role)
    prefix = models.CharField(max_length=8, unique=True, help_text="The part that logs may show.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the whole key, which holds 256 random bits.")
    scopes = ArrayField(models.CharField(max_length=50), default=list, blank=True, help_text="Empty: all of the role.")
    capabilities = JsonField(default=dict, blank=True, help_text="What a worker may claim.")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="To the minute.")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "taskrunner_api_keys"
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(name="tr_api_key_role_known", condition=Q(role__in=("client", "worker", "admin"))),
            models.CheckConstraint(name="tr_api_key_digest_format", condition=Q(digest__regex=DIGEST_PATTERN)),
        )
        indexes = (models.Index(name="tr_api_key_by_name", fields=("tenant", "name")),)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class IdempotencyKey(TenantModel):
    """A request that was carried out, and what was answered. Committed together with its effects."""

    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64, help_text="SHA-256 of method, address and body.")
    task_id = models.UUIDField(null=True)
    answer = JsonField(default=dict)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "taskrunner_idempotency_keys"
        constraints = (
            models.UniqueConstraint(name="tr_idempotency_key_once", fields=("tenant", "key")),
            models.CheckConstraint(name="tr_idempotency_key_not_empty", condition=~Q(key="")),
            models.CheckConstraint(name="tr_idempotency_digest_format", condition=Q(digest__regex=DIGEST_PATTERN)),
        )
        indexes = (models.Index(F("expires_at"), name="tr_idempotency_key_expiry"),)

    def __str__(self) -> str:
        return self.key
