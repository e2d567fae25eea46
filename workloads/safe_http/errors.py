"""Why a request was not made, or its response not used. All but Unreachable are permanent: no retry would help."""

from queueapp.errors import PermanentFailure, TaskrunnerError


class InvalidUrl(PermanentFailure):
    code = "invalid_url"


class AddressNotAllowed(PermanentFailure):
    """The host's address or port is not one that may be called."""

    code = "fetch_address_not_allowed"


class TooManyRedirects(PermanentFailure):
    code = "too_many_redirects"


class BodyTooLarge(PermanentFailure):
    code = "artifact_size_exceeded"


class Unusable(PermanentFailure):
    """The response has a form that cannot be read."""

    code = "unusable_answer"


class Unreachable(TaskrunnerError):
    """No complete response came in time; one may come at the next try."""

    code = "unreachable"


class Unresolved(Unreachable):
    """There is no such name, or it has no address."""

    def __init__(self, host: str, reason: str) -> None:
        self.host = host
        super().__init__(f"the name {host} was not resolved: {reason}")
