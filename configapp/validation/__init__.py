"""What may be written into the configuration: keys, values by type, and no injection. Pure Python, no database."""

from configapp.validation.keys import Refused, check_key, is_key
from configapp.validation.specs import spec_errors
from configapp.validation.values import check_value

__all__ = ["Refused", "check_key", "check_value", "is_key", "spec_errors"]
