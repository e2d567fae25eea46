"""The log of requests: who asked for what and how it ended, in one line. Lines written meanwhile name it too.

What was served is told at level DEBUG only: it is most of what comes, and each line takes some percent of its time.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from queueapp.log_fields import FieldsFilter, add_to_handlers
from queueapp.models.base import new_id
from queueapp.rest.toolkit.permissions import Principal

logger = logging.getLogger(__name__)

ID_HEADER = "X-Request-Id"
# Refusals that have a name of their own among the events; all others are `request_refused`.
EVENTS_OF_CODES = {
    "rate_limit_exceeded": "rate_limit_exceeded",
    "task_rejected_invalid_params": "task_rejected_invalid_params",
}


class LoggedRequest:
    """A request under way; `principal` once its key is known."""

    def __init__(self, method: str | None, route: str | None) -> None:
        self.id = str(new_id())
        self.principal: Principal | None = None
        self._method = method
        self._route = route
        self._started = time.monotonic()

    @property
    def fields(self) -> dict[str, Any]:
        """What is known of it now. Of the key its prefix, and never the address, which may hold anything."""
        known = {"request_id": self.id, "method": self._method, "route": self._route}
        if self.principal is None:
            return known
        return {
            **known,
            "tenant": self.principal.tenant_slug,
            "tenant_id": str(self.principal.tenant_id),
            "key": self.principal.key.prefix,
        }

    def end(self, response: HttpResponseBase, code: str | None) -> None:
        """Write its line, with the problem's code where it was refused."""
        response.headers[ID_HEADER] = self.id
        if response.status_code >= 400 or logger.isEnabledFor(logging.DEBUG):
            seconds = time.monotonic() - self._started
            _write(response, code, {**self.fields, "duration_ms": round(seconds * 1000, 2)})


_current: ContextVar[LoggedRequest | None] = ContextVar("logged_request", default=None)


@contextmanager
def logged_request(method: str | None, route: str) -> Iterator[LoggedRequest]:
    """A request that a view answers."""
    request = LoggedRequest(method, route)
    token = _current.set(request)
    try:
        yield request
    finally:
        _current.reset(token)


def log_unanswered(request: HttpRequest, response: HttpResponseBase, code: str) -> None:
    """The line of a request that came to no view of ours: the address or the host is wrong."""
    unrouted = LoggedRequest(request.method, None)
    _write(response, code, unrouted.fields)
    response.headers[ID_HEADER] = unrouted.id


def name_request_in_every_line() -> None:
    """Have the lines that are written during a request tell which one. Once a process; twice does no harm."""
    add_to_handlers(_filter)


def _fields_of_current() -> Mapping[str, Any]:
    request = _current.get()
    return request.fields if request else {}


_filter = FieldsFilter(_fields_of_current)


def _write(response: HttpResponseBase, code: str | None, fields: dict[str, Any]) -> None:
    status = response.status_code
    if status < 400:
        level, event = logging.DEBUG, "request_served"
    elif status < 500:
        level, event = logging.WARNING, EVENTS_OF_CODES.get(code or "", "request_refused")
    else:
        level, event = logging.ERROR, "request_failed"
    response._has_been_logged = True  # type: ignore[attr-defined]  # by us, so Django need not
    about = {"event": event, "status": status, **({"code": code} if code else {}), **fields}
    logger.log(level, "%s %s: %d", fields["method"], fields["route"], status, extra=about)
