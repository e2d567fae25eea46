"""What the configuration's views share: its errors as responses, its versions as ETags, waiting for a change."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rest_framework.request import Request
from rest_framework.response import Response

from configapp.errors import ChangeRefused, UnknownKey, VersionMismatch
from configapp.models import ConfigChange
from configapp.serializers import ChangeDocument
from queueapp.errors import FieldError
from queueapp.rest.toolkit.errors import ApiError, InvalidRequest, PreconditionFailed
from queueapp.rest.toolkit.long_poll import preferred_wait
from queueapp.rest.toolkit.mount import api_root
from queueapp.rest.toolkit.permissions import Principal
from queueapp.rest.toolkit.views import ApiView
from queueapp.validation import ResponseModel

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
                exc = UnknownConfigKey("There is no such configuration key; GET /config lists them.")
        return super().handle_exception(exc)


def etag_of(version: int) -> str:
    """The ETag of a key at this version; 0: never set."""
    return f'"{version}"'


def expected_version(request: Request) -> int | None:
    """The version that If-Match names; None without one, and for `*`. Raises InvalidRequest for an invalid ETag."""
    header = request.headers.get("If-Match", "*").strip()
    if header == "*":
        return None
    found = _ETAG.fullmatch(header)
    if found is None:
        message = "must be the ETag of GET /config/{key}"
        raise InvalidRequest(f"If-Match {message}.", errors=[FieldError("If-Match", "bad_etag", message)])
    return int(found[1])


@dataclass(slots=True)
class AcceptedChanges:
    """The changes that a request asks for, once they are accepted; they share a task."""

    changes: list[ConfigChange] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def documents(self) -> list[ChangeDocument]:
        return [ChangeDocument.of_change(change) for change in self.changes]

    def response(self, body: ResponseModel) -> Response:
        return Response(body, status=202, headers=self.headers)


@contextmanager
def acceptance(request: Request, principal: Principal) -> Iterator[AcceptedChanges]:
    """Submit changes inside; at its end they are accepted, or with `Prefer: wait` applied."""
    accepted = AcceptedChanges()
    with preferred_wait(request) as wait:
        yield accepted
        if not accepted.changes:
            return
        task_id = accepted.changes[0].task_id
        accepted.headers["Location"] = f"{api_root(request)}/tasks/{task_id}"
        if wait.for_end_of(task_id):
            accepted.headers["Preference-Applied"] = wait.granted
            with principal.scope():
                now = ConfigChange.objects.in_bulk([change.id for change in accepted.changes])
            accepted.changes = [now[change.id] for change in accepted.changes]
