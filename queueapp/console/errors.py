"""Errors: failures of one kind counted together, where they come from, and since when."""

import re
from typing import Any, TypeVar

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from pydantic import ValidationError

from queueapp.console.access import Access
from queueapp.console.pages import page, show
from queueapp.error_groups import queries
from queueapp.error_groups.folding import OTHER
from queueapp.error_groups.queries import WINDOWS, ErrorDetail
from queueapp.fingerprints import FINGERPRINT
from queueapp.models import ErrorGroup
from queueapp.redaction import masked_text
from queueapp.rest.errors import ErrorListQuery, ErrorQuery
from queueapp.validation import field_errors

QueryT = TypeVar("QueryT", bound=ErrorQuery)

ANY_STATE = "any"
STATES = [*ErrorGroup.State.values, ANY_STATE]


@page("errors", name="errors", title="Errors", model="task")
def error_list(request: HttpRequest, access: Access) -> HttpResponse:
    given = {"window": "1h", "state": "open", **_given(request, "window", "state", "type")}
    query = _valid(ErrorListQuery, {name: value for name, value in given.items() if value != ANY_STATE})
    rows = queries.error_rows(query.window, state=query.state, type_pattern=query.type, limit=query.limit)
    context = {"errors": rows, "given": given, "windows": list(WINDOWS), "states": STATES, "other": OTHER}
    return show(request, access, "errors.html", context)


@page("errors/<str:fingerprint>", name="error", title="Error", model="task")
def error_page(request: HttpRequest, access: Access, fingerprint: str) -> HttpResponse:
    query = _valid(ErrorQuery, _given(request, "window"))
    error = find(fingerprint, query.window)
    log: dict[str, Any] = error.sample.log or {}
    context = {
        "title": error.row.title,
        "error": error,
        "message": masked_text(log["message"]) if log else "",
        # code is the platform's own: tenants are told what it said, not where
        "traceback": (log.get("detail") or {}).get("traceback", "") if access.is_staff else "",
        "window": query.window,
        "windows": list(WINDOWS),
        "other": OTHER,
    }
    return show(request, access, "error.html", context)


def find(fingerprint: str, window: str = "24h") -> ErrorDetail:
    """Raises Http404 for one that the scope does not show."""
    is_one = fingerprint == OTHER or re.fullmatch(FINGERPRINT, fingerprint)
    error = queries.error_detail(fingerprint, window) if is_one else None
    if error is None:
        raise Http404("There is no such error, or none of your tasks met it.")
    return error


def _given(request: HttpRequest, *names: str) -> dict[str, str]:
    return {name: request.GET[name] for name in names if request.GET.get(name)}


def _valid(model: type[QueryT], given: dict[str, str]) -> QueryT:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise BadRequest("; ".join(f"{each.field}: {each.message}" for each in field_errors(error))) from error
