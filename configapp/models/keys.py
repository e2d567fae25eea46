"""Custom keys: those that operators add to the catalogue's."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from configapp.keyspec import KeySpec, Kind
from queueapp.models.base import Now

KEY_PATTERN = "^[a-zA-Z0-9_.]{3,64}$"


class ConfigKey(models.Model):
    """What configapp.keyspec.KeySpec says, as a row."""

    config_key = models.CharField(max_length=64, primary_key=True)
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in Kind])
    description = models.TextField()
    default = models.JSONField(null=True, blank=True)
    minimum = models.FloatField(null=True, blank=True)
    maximum = models.FloatField(null=True, blank=True)
    choices = ArrayField(models.CharField(max_length=256), default=list, blank=True)
    pattern = models.CharField(max_length=500, null=True, blank=True)  # noqa: DJ001 (an empty one would match nothing)
    secret = models.BooleanField(default=False)
    free_text = models.BooleanField(default=False)
    actor = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "taskrunner_config_keys"
        verbose_name = "custom key"
        ordering = ("config_key",)
        constraints = (
            models.CheckConstraint(name="tr_config_declared_key_format", condition=Q(config_key__regex=KEY_PATTERN)),
            models.CheckConstraint(name="tr_config_declared_kind_known", condition=Q(kind__in=[*Kind])),
        )

    def __str__(self) -> str:
        return self.config_key

    def as_spec(self) -> KeySpec:
        return KeySpec(
            key=self.config_key,
            kind=Kind(self.kind),
            description=self.description,
            default=self.default,
            minimum=self.minimum,
            maximum=self.maximum,
            choices=tuple(self.choices),
            pattern=self.pattern,
            secret=self.secret,
            free_text=self.free_text,
        )
