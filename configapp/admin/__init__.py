"""The admin pages of the configuration: keys with their values, declared keys, the record of changes."""

from configapp.admin import declared, records, values

__all__ = ["declared", "records", "values"]
