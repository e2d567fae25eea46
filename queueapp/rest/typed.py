"""Submission by type: the parameters are the body's own members, and `options` holds everything else."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.errors import FieldError, InvalidTask
from queueapp.rest.submission import renamed, submit_one
from queueapp.rest.toolkit.errors import InvalidRequest, UnknownType
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView


class TypedView(ApiView):
    """Base of the addresses at which tasks of one type are submitted."""

    rights: ClassVar = {"POST": Right.TASKS_SUBMIT}

    def submit(self, request: Request, type: str) -> Response:
        """Accept the body as a task of the type."""
        params = self.members()
        options = params.pop("options", {})
        if not isinstance(options, dict) or {"type", "params"} & options.keys():
            message = "must be an object of options such as priority or run_at, without type and params"
            raise InvalidRequest(f"options {message}", errors=[FieldError("options", "not_options", message)])
        try:
            return submit_one(request, self.principal, {**options, "type": type, "params": params})
        except InvalidTask as error:
            if any(each.field == "type" and each.code == "unknown_type" for each in error.errors):
                raise UnknownType(f"There is no task type {type!r}: GET /api/v1/task-types lists them.") from None
            raise InvalidTask([_as_sent(each, options) for each in error.errors], error.code) from None


class TypedTask(TypedView):
    """POST /tasks/{family}/{operation}: a task of the type `family.operation`."""

    def post(self, request: Request, family: str, operation: str) -> Response:
        return self.submit(request, f"{family}.{operation}")


def _as_sent(error: FieldError, options: dict[str, Any]) -> FieldError:
    """The error with its field's place in the body that was sent."""
    if error.field.startswith("params."):
        return renamed(error, "params.")
    place = f"options.{error.field}" if error.field.split(".")[0] in options else error.field
    return FieldError(place, error.code, error.message)
