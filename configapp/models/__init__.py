"""The tables of the configuration: fields, named constraints and indexes; no workflow."""

from configapp.models.changes import ConfigAudit, ConfigChange
from configapp.models.keys import ConfigKey
from configapp.models.values import ConfigEpoch, ConfigSecret, ConfigVersion, SystemConfig

__all__ = [
    "ConfigAudit",
    "ConfigChange",
    "ConfigEpoch",
    "ConfigKey",
    "ConfigSecret",
    "ConfigVersion",
    "SystemConfig",
]
