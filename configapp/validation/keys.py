"""Which names a configuration key may have."""

import re


class Refused(ValueError):
    """A key or value that may not be stored. `code` is stable, `reason` is for people; neither repeats the value."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


_KEY = re.compile(r"[a-zA-Z0-9_.]{3,64}")


def is_key(key: str) -> bool:
    """Whether a key may have this name."""
    try:
        check_key(key)
    except Refused:
        return False
    return True


def check_key(key: str) -> str:
    """The key itself. Raises Refused(`invalid_key`) for one that is not dotted words of letters, digits and `_`."""
    if not _KEY.fullmatch(key):
        raise Refused("invalid_key", "must be 3 to 64 letters, digits, underscores and dots")
    segments = key.split(".")
    if len(segments) < 2 or any(len(segment) < 2 for segment in segments):
        raise Refused("invalid_key", "must be at least two parts joined by dots, each of two characters or more")
    return key
