"""Refusals that only HTTP knows. Each has a status, a stable code, and words that say what to do."""

from collections.abc import Sequence
from typing import Any

from queueapp.errors import FieldError, TaskrunnerError


class ApiError(TaskrunnerError):
    """Base of them. `extra` are further members of the problem document, `headers` of the response."""

    status = 400

    def __init__(
        self,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: dict[str, str] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        self.errors = list(errors)
        self.headers = headers or {}
        self.extra = extra or {}
        super().__init__(detail)


class InvalidRequest(ApiError):
    """A body, a query string or a header that cannot be used; `errors` says which field and why."""

    code = "invalid_request"


class BatchTooLarge(ApiError):
    code = "batch_size_exceeded"


class MalformedJson(ApiError):
    code = "malformed_json"


class Unauthenticated(ApiError):
    """No key, or an invalid one; nothing more is said."""

    status, code = 401, "unauthenticated"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="taskrunner"'})


class Forbidden(ApiError):
    status, code = 403, "forbidden"


class NotVisible(ApiError):
    """Nothing of this id can be seen by the principal: foreign and unknown ids answer in the same bytes."""

    status, code = 404, "not_found"

    def __init__(self, what: str = "task") -> None:
        super().__init__(f"There is no {what} of this id that this key may see.")


class UnknownType(ApiError):
    status, code = 404, "unknown_type"


class Conflict(ApiError):
    status, code = 409, "conflict"


class Gone(ApiError):
    """The artifact is known, and the store has lost its object."""

    status, code = 410, "artifact_lost"


class LengthRequired(ApiError):
    status, code = 411, "length_required"


class PreconditionFailed(ApiError):
    status, code = 412, "precondition_failed"


class TooLarge(ApiError):
    status, code = 413, "body_too_large"


class UnsupportedBody(ApiError):
    status, code = 415, "unsupported_media_type"


class RangeNotSatisfiable(ApiError):
    status, code = 416, "range_not_satisfiable"


class KeyReused(ApiError):
    """The Idempotency-Key was used for another request."""

    status, code = 422, "idempotency_key_reused"


class RateLimited(ApiError):
    status, code = 429, "rate_limit_exceeded"


class Busy(ApiError):
    status, code = 503, "busy"
