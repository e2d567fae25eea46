"""The admin pages of the configuration: keys with their values, declared keys, the record of changes."""

from configapp.admin import audit, custom_keys, values

__all__ = ["audit", "custom_keys", "values"]
