"""What the configuration's views share: its errors as responses, its versions as ETags, waiting for a change."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pydantic_core import to_jsonable_python
from rest_framework.request import Request
from rest_framework.response import Response

from configapp import changes, queries
from configapp.changes import ChangeRequest
from configapp.changes.submit import Accept
from configapp.errors import ChangeRefused, UnknownKey, VersionMismatch
from configapp.models import ConfigChange
from configapp.serializers import ChangeDocument
from queueapp.rest.toolkit.errors import ApiError, PreconditionFailed
from queueapp.rest.toolkit.etags import check_preconditions, is_conditional, names, tags_of
from queueapp.rest.toolkit.idempotency import Execution, Identity, execution, find_replay, identity_of
from queueapp.rest.toolkit.long_poll import preferred_wait
from queueapp.rest.toolkit.mount import api_root
from queueapp.rest.toolkit.permissions import Principal
from queueapp.rest.toolkit.views import ApiView
from queueapp.validation import ResponseModel

_ETAG = re.compile(r'"(0|[1-9]\d{0,8})"')


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

    def change(self, request: Request, wanted: ChangeRequest) -> Response:
        """Have one change accepted, held to the version that the client names."""

        def held() -> list[ChangeRequest]:
            return [replace(wanted, expected_version=expected_version(request, self.principal, wanted.key))]

        accepted = accept(request, self.principal, held)
        return accepted.response(accepted.documents[0])


def etag_of(version: int) -> str:
    """The ETag of a key at this version; 0: never set."""
    return f'"{version}"'


def expected_version(request: Request, principal: Principal, key: str) -> int | None:
    """The version that a change is held to: the present one where If-Match names it, else an old one that it names.

    An old one is refused with the change, on record. None where any will do. Raises PreconditionFailed.
    """
    if not is_conditional(request):
        return None
    with principal.scope():
        version = queries.version_of(key)
    wanted = request.headers.get("If-Match", "*")
    stale = [int(found[1]) for tag in tags_of(wanted) if (found := _ETAG.fullmatch(tag))]
    if stale and not names(wanted, etag_of(version)):
        return stale[0]
    check_preconditions(request, etag_of(version))
    return None if wanted.strip() == "*" else version


@dataclass(slots=True)
class AcceptedChanges:
    """The changes that a request asked for, now or the first time; they share a task."""

    documents: list[ChangeDocument]
    headers: dict[str, str]

    def response(self, body: ResponseModel) -> Response:
        return Response(body, status=202, headers=self.headers)


def accept(request: Request, principal: Principal, wanted: Callable[[], Sequence[ChangeRequest]]) -> AcceptedChanges:
    """Have changes accepted, once for each Idempotency-Key, or with `Prefer: wait` applied.

    `wanted` is not asked where the request is sent again: what it was held to held then, and may have changed with it.
    """
    with preferred_wait(request) as wait:
        execution = _accept_once(principal, identity_of(request, request.data), wanted)
        documents = [ChangeDocument.model_validate(each) for each in execution.answer["changes"]]
        accepted = AcceptedChanges(documents, execution.headers)
        if execution.task_id:
            accepted.headers["Location"] = f"{api_root(request)}/tasks/{execution.task_id}"
        if wait.for_end_of(execution.task_id):
            accepted.headers["Preference-Applied"] = wait.granted
            with principal.scope():
                now = ConfigChange.objects.in_bulk([each.id for each in documents])
            accepted.documents = [ChangeDocument.of_change(now[each.id]) for each in documents]
    return accepted


def _accept_once(
    principal: Principal, identity: Identity | None, wanted: Callable[[], Sequence[ChangeRequest]]
) -> Execution:
    if (earlier := find_replay(principal, identity)) is not None:
        return earlier
    done = Execution({"changes": []})

    def carry_out(accept: Accept) -> list[ConfigChange]:
        nonlocal done
        with execution(principal, identity) as done:
            if done.is_replay:
                return []
            accepted = accept()
            documents = [ChangeDocument.of_change(change) for change in accepted]
            done.answer, done.task_id = {"changes": to_jsonable_python(documents)}, accepted[0].task_id
            return accepted

    changes.submit_changes(wanted(), actor=principal.actor, carry_out=carry_out)
    return done
