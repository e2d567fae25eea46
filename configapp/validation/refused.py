"""The one exception of validation."""


class Refused(ValueError):
    """A key or value that may not be stored. `code` is stable, `reason` is for people; neither repeats the value."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
