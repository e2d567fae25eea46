"""What is configured now, and every version that ever was.

Values are JSON. That of a secret is what may be shown of it (its mask): the secret itself is encrypted in a table
of its own, so that no screen, log or export of the other tables can give it away.
"""

from django.db import models
from django.db.models import Q

from configapp.models.keys import KEY_PATTERN
from queueapp.models.base import Now, UuidModel


class ConfigSecret(UuidModel):
    """One secret value, encrypted. Rotation replaces the token; everything else refers to the row."""

    token = models.TextField(help_text="Fernet, by the first of CONFIG_ENCRYPTION_KEYS when it was written.")
    encrypted_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "taskrunner_config_secrets"

    def __str__(self) -> str:
        return f"secret {self.id}"


class ConfigVersion(UuidModel):
    """What one applied change made of a key. Append-only; a trigger refuses gaps and changes out of order."""

    config_key = models.CharField(max_length=64)
    version = models.IntegerField(help_text="1, 2, 3, … of this key, without gaps.")
    value = models.TextField(null=True, help_text="JSON; null: unset.")  # noqa: DJ001 (JSON has a word for empty)
    secret = models.ForeignKey(ConfigSecret, null=True, on_delete=models.PROTECT, related_name="+")
    is_active = models.BooleanField()
    change = models.OneToOneField("configapp.ConfigChange", on_delete=models.PROTECT, related_name="made")
    actor = models.CharField(max_length=200)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "taskrunner_config_versions"
        ordering = ("config_key", "-version")
        constraints = (
            models.UniqueConstraint(name="tr_config_version_once", fields=("config_key", "version")),
            models.CheckConstraint(
                name="tr_config_version_active_iff_value",
                condition=Q(is_active=True, value__isnull=False) | Q(is_active=False, value=None, secret=None),
            ),
        )

    def __str__(self) -> str:
        return f"{self.config_key} version {self.version}"


class SystemConfig(models.Model):
    """The last version of each key. A trigger on config_versions keeps it; no role may write it."""

    config_key = models.CharField(max_length=64, primary_key=True)
    config_value = models.TextField(help_text="JSON; of an inactive key, its last value.")
    secret = models.ForeignKey(ConfigSecret, null=True, on_delete=models.PROTECT, related_name="+")
    is_active = models.BooleanField(default=True, db_default=True, help_text="False: unset, the default holds.")
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    version = models.IntegerField()

    class Meta:
        db_table = "system_config"
        verbose_name = "setting"
        verbose_name_plural = "configuration"
        ordering = ("config_key",)
        constraints = (models.CheckConstraint(name="tr_config_key_format", condition=Q(config_key__regex=KEY_PATTERN)),)

    def __str__(self) -> str:
        return self.config_key


class ConfigEpoch(models.Model):
    """One row, whose number grows with every change of a value or of a custom key: what processes poll."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    number = models.BigIntegerField()

    class Meta:
        db_table = "taskrunner_config_epoch"
        constraints = (models.CheckConstraint(name="tr_config_epoch_single", condition=Q(id=1)),)

    def __str__(self) -> str:
        return str(self.number)
