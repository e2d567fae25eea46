"""The one error of this package."""


class StartError(RuntimeError):
    """Something could not be started; the message says why and what to do."""
