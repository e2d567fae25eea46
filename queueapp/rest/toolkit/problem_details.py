"""Every error as application/problem+json (RFC 9457): a stable code, words to act on, an entry for each field."""

import logging
import sys
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, InterfaceError, connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, UnreadablePostError
from django.views import defaults
from pydantic import BaseModel, Field
from rest_framework import exceptions as drf
from rest_framework.response import Response

from queueapp.db import driver
from queueapp.errors import (
    ArtifactTooLarge,
    BulkUnderWay,
    CannotEnd,
    ClusterNotFound,
    DeclaredByCode,
    DuplicateTask,
    LeaseLost,
    QueueNotFound,
    StoreUnavailable,
    TaskNotFound,
    TaskrunnerError,
    ValidationFailure,
    WorkerNotFound,
    WrongState,
)
from queueapp.redaction import masked
from queueapp.rest.toolkit.errors import ApiError, NotVisible
from queueapp.rest.toolkit.mount import is_api
from queueapp.rest.toolkit.request_log import log_unanswered
from queueapp.validation import ResponseModel

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
STATUS_OF: dict[type[TaskrunnerError], int] = {
    QueueNotFound: 404,
    WorkerNotFound: 404,
    ClusterNotFound: 404,
    CannotEnd: 409,
    LeaseLost: 409,
    DeclaredByCode: 409,
    ArtifactTooLarge: 413,
}


class FieldProblem(ResponseModel):
    """What is wrong with one field of a request."""

    field: str = Field(description="A dotted path.")
    code: str
    message: str


class Problem(BaseModel):
    """An error (RFC 9457). `code` is stable; `detail` says what to do."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldProblem] = []


def problem(status: int, code: str, detail: str, **members: Any) -> dict[str, Any]:
    """A problem document, without secrets: it may repeat what was sent."""
    title = HTTPStatus(status).phrase
    shown: dict[str, Any] = masked({"detail": detail, **members})
    return {"type": "about:blank", "title": title, "status": status, "code": code, **shown}


def code_of(response: HttpResponseBase) -> str | None:
    """The code of a problem document; None of an answer that is none."""
    document = getattr(response, "data", None)
    return document.get("code") if response.status_code >= 400 and isinstance(document, dict) else None


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler: whatever was raised becomes a problem document, and never a trace."""
    document, headers = describe(error)
    if driver.is_unavailable(error) and not connection.in_atomic_block:
        connection.close()  # the session may have kept what was wrong, such as that it takes no writes
    if document["status"] == 500:
        request = context["request"]
        logger.error(
            "unhandled error",
            exc_info=error,
            extra={"event": "api_error", "method": request.method, "path": request.path},
        )
    return Response(document, status=document["status"], headers=headers, content_type=CONTENT_TYPE)


def describe(error: Exception) -> tuple[dict[str, Any], dict[str, str]]:
    """The problem document of an error, and the headers that go with it."""
    match error:
        case ApiError():
            fields = {"errors": [field.as_dict() for field in error.errors]} if error.errors else {}
            return problem(error.status, error.code, str(error), **fields, **error.extra), error.headers
        case TaskNotFound():
            return describe(NotVisible())
        case StoreUnavailable():
            logger.error("artifact store unavailable", extra={"event": "artifact_store_failed", "error": str(error)})
            detail = "The artifact store did not answer as it should. Try again later."
            return problem(503, error.code, detail), {"Retry-After": "5"}
        case ValidationFailure():
            errors = [field.as_dict() for field in error.errors]
            return problem(400, error.code, str(error), errors=errors), {}
        case WrongState():
            return problem(409, error.code, str(error), task_status=error.status), {}
        case DuplicateTask() | BulkUnderWay():
            return problem(409, error.code, str(error), task_id=str(error.task_id)), {}
        case TaskrunnerError() if type(error) in STATUS_OF:
            return problem(STATUS_OF[type(error)], error.code, str(error)), {}
        case drf.MethodNotAllowed():
            return problem(405, "method_not_allowed", "The Allow header says what this address takes."), {}
        case drf.UnsupportedMediaType():
            detail = "Send the body as JSON, with `Content-Type: application/json`."
            return problem(415, "unsupported_media_type", detail), {}
        case drf.ParseError():
            return problem(400, "invalid_request", "The body could not be read."), {}
        case Http404():
            return problem(404, "no_such_address", "There is nothing at this address; GET /docs lists them."), {}
        case RequestDataTooBig():
            return problem(413, "body_too_large", "The body is larger than this address takes."), {}
        case UnreadablePostError():
            return problem(400, "invalid_request", "The connection broke off in the middle of the body."), {}
        case DatabaseError() | InterfaceError() if driver.is_unavailable(error):
            detail = "The database did not answer. Try again; with an Idempotency-Key nothing can happen twice."
            logger.error("database unavailable", exc_info=error, extra={"event": "db_connection_failed"})
            return problem(503, "database_unavailable", detail), {"Retry-After": "1"}
    return problem(500, "internal_error", "Something went wrong on our side; the server's log has the details."), {}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400 of the site: e.g. a Host header that is not ours."""
    if not is_api(request):
        return defaults.bad_request(request, exception)
    if isinstance(exception, RequestDataTooBig):
        return problem_response(request, describe(exception)[0])
    what = "Host header" if isinstance(exception, SuspiciousOperation) else "request"
    return problem_response(request, problem(400, "invalid_request", f"The {what} cannot be used."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404 of the site."""
    if not is_api(request):
        return defaults.page_not_found(request, exception)
    return problem_response(request, describe(Http404())[0])


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500 of the site; Django has logged the error. 503 where it is that the database is unavailable."""
    document, headers = describe(_error_of_page())
    if is_api(request):
        return problem_response(request, document, headers)
    page = defaults.server_error(request)
    page.status_code = document["status"]
    for name, value in headers.items():
        page.headers[name] = value
    return page


def _error_of_page() -> Exception:
    """What Django is answering for."""
    error = sys.exception()
    return error if isinstance(error, Exception) and driver.is_unavailable(error) else Exception()


def problem_response(
    request: HttpRequest, document: dict[str, Any], headers: dict[str, str] | None = None
) -> HttpResponse:
    """The answer to a request that came to no view."""
    response = JsonResponse(document, status=document["status"], headers=headers, content_type=CONTENT_TYPE)
    log_unanswered(request, response, document["code"])
    return response
