"""What the configuration's views share: its errors as answers, its versions as ETags, waiting for a change."""

import re
from collections.abc import Callable
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from configapp.errors import ChangeRefused, UnknownKey, VersionMismatch
from configapp.models import ConfigChange
from configapp.serializers import change_document
from queueapp.errors import FieldError
from queueapp.rest.toolkit.errors import ApiError, InvalidRequest, PreconditionFailed
from queueapp.rest.toolkit.long_poll import completion_watcher, waiting_slot, wanted_seconds
from queueapp.rest.toolkit.permissions import Principal
from queueapp.rest.toolkit.views import ApiView

_ETAG = re.compile(r'(?:W/)?"(\d{1,9})"')


class ConfigRefused(ApiError):
    """Nothing was changed; `errors` names each bad item."""

    code = "config_change_refused"


class UnknownConfigKey(ApiError):
    status, code = 404, "unknown_key"


class ConfigView(ApiView):
    """A view whose errors of the configuration become problem documents."""

    def handle_exception(self, exc: Exception) -> Response:
        match exc:
            case VersionMismatch():
                exc = PreconditionFailed("The key is at another version by now: read it again.", errors=exc.errors)
            case ChangeRefused():
                exc = ConfigRefused(f"Nothing was changed: {exc}", errors=exc.errors)
            case UnknownKey():
                exc = UnknownConfigKey("There is no such configuration key; GET /api/v1/config lists them.")
        return super().handle_exception(exc)


def etag_of(version: int) -> str:
    """The ETag of a key at this version; 0: never set."""
    return f'"{version}"'


def expected_version(request: Request) -> int | None:
    """The version that If-Match names; None without one, and for `*`. Raises InvalidRequest for what is no ETag."""
    header = request.headers.get("If-Match", "*").strip()
    if header == "*":
        return None
    found = _ETAG.fullmatch(header)
    if found is None:
        message = "must be the ETag of GET /config/{key}"
        raise InvalidRequest(f"If-Match {message}.", errors=[FieldError("If-Match", "bad_etag", message)])
    return int(found[1])


def accept_and_wait(
    request: Request,
    principal: Principal,
    submit: Callable[[], list[ConfigChange]],
    document: Callable[[list[dict[str, Any]]], dict[str, Any]],
) -> Response:
    """Submit changes, which share a task, and answer 202; with `Prefer: wait` when they are applied.

    A place to wait is taken first, so that nothing is accepted and then refused.
    """
    seconds = wanted_seconds(request)
    headers = {}
    with waiting_slot(seconds):
        changes = submit()
        if changes:
            headers["Location"] = f"/api/v1/tasks/{changes[0].task_id}"
        if changes and seconds:
            completion_watcher.wait(changes[0].task_id, seconds)
            headers["Preference-Applied"] = f"wait={seconds}"
            with principal.scope():
                now = ConfigChange.objects.in_bulk([change.id for change in changes])
            changes = [now[change.id] for change in changes]
    return Response(document([change_document(change) for change in changes]), status=202, headers=headers)


def accept_one_and_wait(request: Request, principal: Principal, submit: Callable[[], ConfigChange]) -> Response:
    """As accept_and_wait, for a single change, which is the answer."""
    return accept_and_wait(request, principal, lambda: [submit()], lambda documents: documents[0])
