"""The admin pages of the configuration: keys with their values, custom keys, the audit."""

from configapp.admin import audit, custom_keys, values

__all__ = ["audit", "custom_keys", "values"]
