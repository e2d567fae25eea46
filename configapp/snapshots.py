"""Loads the snapshot that a process reads from."""

from django.conf import settings

from configapp.encryption import decrypt
from configapp.errors import SecretUnreadable
from configapp.keys import all_specs
from configapp.keyspec import Value
from configapp.models import ConfigEpoch, SystemConfig
from configapp.reading import Snapshot
from configapp.values import decode
from queueapp.tenancy import system_scope


def load_snapshot(known: int | None) -> Snapshot | None:
    """What every key reads now; None where the database is still at the epoch that is known."""
    with system_scope("configuration"):
        # before the rows: what is committed meanwhile is then read again at the next look
        epoch = ConfigEpoch.objects.values_list("number", flat=True).first() or 0
        if epoch == known:
            return None
        defaults = {key: spec.default for key, spec in all_specs().items()}
        rows = SystemConfig.objects.filter(is_active=True).select_related("secret")
        stored = {row.config_key: _value(row) for row in rows if row.config_key in defaults}
    return Snapshot(epoch, defaults | stored | settings.CONFIG_OVERRIDES)


def _value(row: SystemConfig) -> Value | SecretUnreadable | None:
    if row.secret is None:
        return decode(row.config_value)
    try:
        return decrypt(row.secret.token, key=row.config_key)
    except SecretUnreadable as error:
        return error
