"""Reading the configuration, and asking for changes, which the queue applies."""

from functools import partial
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from configapp import changes, queries
from configapp.api.base import ConfigView, accept, etag_of
from configapp.api.schemas import (
    KEY,
    AuditListQuery,
    BulkChangeRequest,
    BulkChangeResponse,
    ExportResponse,
    KeyValueRequest,
    RollbackRequest,
    ValidityResponse,
    ValueRequest,
)
from configapp.changes import ChangeRequest
from configapp.errors import ChangeRefused
from configapp.models import ConfigAudit
from configapp.models.changes import Action
from configapp.serializers import (
    AuditDocument,
    ChangeDocument,
    SettingDetailDocument,
    SettingDocument,
    VersionDocument,
)
from queueapp import conf
from queueapp.errors import FieldError
from queueapp.rest.toolkit.endpoints import ResponseSpec, endpoint, resource
from queueapp.rest.toolkit.errors import BatchTooLarge, InvalidRequest
from queueapp.rest.toolkit.etags import CONDITIONS, is_current
from queueapp.rest.toolkit.pagination import NamePageQuery, Page, PageQuery, page, page_by_name
from queueapp.rest.toolkit.permissions import Right

TAG = "Configuration"
EXAMPLE = {"key": "app.api_port", "value": 9000}
PARAMETER = {"schema": {"type": "string", **KEY}, "example": EXAMPLE["key"]}

HEADERS = ("Idempotency-Key", "Prefer")
ANSWERED = ("Location", "Idempotent-Replayed", "Preference-Applied")

# Declares an endpoint that changes one key.
change_endpoint = partial(
    endpoint,
    right=Right.CONFIG_WRITE,
    responses={
        202: ResponseSpec(
            "Accepted, or the answer of the first time; after a wait, the change as it then is.",
            ChangeDocument,
            ANSWERED,
        )
    },
    headers=(*CONDITIONS, *HEADERS),
    errors=(422,),
)
APPLIED = "A task applies it, in the order of acceptance of each key; every refusal is recorded."


@resource("config", tag=TAG)
class ConfigList(ConfigView):
    """Every known key, and the change of one."""

    @endpoint(
        "List the keys and what holds",
        right=Right.CONFIG_READ,
        responses={200: ResponseSpec("A page, in the order of the keys.", Page[SettingDocument])},
    )
    def get(self, request: Request, query: NamePageQuery) -> Response:
        with self.principal.scope():
            settings = [SettingDocument.of_setting(setting) for setting in queries.all_settings()]
        return Response(page_by_name(request, settings, query, lambda each: each.key))

    @change_endpoint("Change a key", details=APPLIED, example=EXAMPLE)
    def post(self, request: Request, body: KeyValueRequest) -> Response:
        return self.change(request, ChangeRequest(body.key, body.value))


@resource("config/<str:key>", tag=TAG, parameters={"key": PARAMETER})
class ConfigDetail(ConfigView):
    """One key: what holds for it, a new value, its default again."""

    @endpoint(
        "Look at a key",
        right=Right.CONFIG_READ,
        responses={
            200: ResponseSpec("What holds for it, its bounds, and what waits.", SettingDetailDocument, ("ETag",)),
            304: ResponseSpec("At the version that you know; what waits may have changed.", None, ("ETag",)),
        },
        headers=("If-None-Match",),
    )
    def get(self, request: Request, key: str) -> Response:
        with self.principal.scope():
            setting = queries.find_setting(key)
            etag = {"ETag": etag_of(setting.version)}
            if is_current(request, etag["ETag"]):
                return Response(status=304, headers=etag)
            pending = [ChangeDocument.of_change(change) for change in queries.pending(key)]
            bounds = SettingDetailDocument.of_setting(setting, pending=pending)
        return Response(bounds, headers=etag)

    @change_endpoint("Change this key", details=APPLIED, example={"value": 9000})
    def put(self, request: Request, key: str, body: ValueRequest) -> Response:
        return self.change(request, ChangeRequest(key, body.value))

    @change_endpoint("Go back to the default of a key", details="Its history stays.")
    def delete(self, request: Request, key: str) -> Response:
        return self.change(request, ChangeRequest(key, action=Action.UNSET))


@resource("config/<str:key>/rollback", tag=TAG, parameters={"key": PARAMETER})
class ConfigRollback(ConfigView):
    """What an earlier version said, as a new version."""

    @change_endpoint(
        "Go back to an earlier version of a key", details="It becomes a new version.", example={"version": 1}
    )
    def post(self, request: Request, key: str, body: RollbackRequest) -> Response:
        return self.change(request, ChangeRequest(key, action=Action.ROLLBACK, to_version=body.version))


@resource("config/bulk", tag=TAG)
class ConfigBulk(ConfigView):
    """Several changes, all or none, in one transaction."""

    @endpoint(
        "Change several keys, all or none",
        right=Right.CONFIG_WRITE,
        responses={202: ResponseSpec("All were accepted.", BulkChangeResponse, ANSWERED)},
        details="One task applies them in one transaction. A refusal names every bad item by its place in the list.",
        body=BulkChangeRequest,
        headers=HEADERS,
        errors=(422,),
        example=[EXAMPLE, {"key": "app.debug", "value": "false"}],
    )
    def post(self, request: Request) -> Response:
        wanted = _change_requests(request.data)
        try:
            accepted = accept(request, self.principal, lambda: wanted)
        except ChangeRefused as refusal:
            if len(wanted) == 1:  # is named like a change on its own, without its place in the list
                refusal.errors = [FieldError(f"0.{each.field}", each.code, each.message) for each in refusal.errors]
            raise
        return accepted.response(BulkChangeResponse(changes=accepted.documents))


@resource("config/validate", tag=TAG)
class ConfigValidate(ConfigView):
    """Whether a change would be accepted."""

    @endpoint(
        "Ask whether a change would be accepted",
        right=Right.CONFIG_READ,
        responses={200: ResponseSpec("It would.", ValidityResponse)},
        details="Nothing is changed or recorded.",
        example=EXAMPLE,
    )
    def post(self, request: Request, body: KeyValueRequest) -> Response:
        value = changes.dry_run(body.key, body.value, actor=self.principal.actor)
        return Response(ValidityResponse(valid=True, value=value))


@resource("config/<str:key>/history", tag=TAG, parameters={"key": PARAMETER})
class ConfigHistory(ConfigView):
    """The versions of a key."""

    @endpoint(
        "The versions of a key",
        right=Right.CONFIG_READ,
        responses={200: ResponseSpec("A page, the newest first.", Page[VersionDocument])},
    )
    def get(self, request: Request, key: str, query: PageQuery) -> Response:
        with self.principal.scope():
            return Response(page(request, queries.history(key), query, VersionDocument.of_version))


@resource("config/audit", tag=TAG)
class ConfigAuditList(ConfigView):
    """The records of accepted and refused changes."""

    @endpoint(
        "What became of every attempt to change something",
        right=Right.CONFIG_READ,
        responses={200: ResponseSpec("A page, the newest first.", Page[AuditDocument])},
    )
    def get(self, request: Request, query: AuditListQuery) -> Response:
        wanted = {"config_key": query.key, "actor": query.actor, "status": query.status}
        records = ConfigAudit.objects.filter(**{name: value for name, value in wanted.items() if value is not None})
        with self.principal.scope():
            return Response(page(request, records, query, AuditDocument.of_record))


@resource("config/export", tag=TAG)
class ConfigExport(ConfigView):
    """What the database holds: `values` in the form that a PUT takes, and which secrets are set."""

    @endpoint(
        "What the database holds",
        right=Right.CONFIG_READ,
        responses={200: ResponseSpec("Values by key.", ExportResponse)},
    )
    def get(self, request: Request) -> Response:
        with self.principal.scope():
            stored = [each for each in queries.all_settings() if each.source == queries.Source.DATABASE]
        values, secrets = (
            {each.spec.key: each.shown for each in stored if each.spec.secret is is_secret}
            for is_secret in (False, True)
        )
        return Response(ExportResponse(values=values, secrets=secrets))


def _change_requests(items: Any) -> list[ChangeRequest]:
    """The items of a bulk request, good and bad, so that all refusals are told and recorded together.

    Raises InvalidRequest, BatchTooLarge for what is not a list of {key, value}, or is too long.
    """
    if not isinstance(items, list):
        errors = [FieldError("body", "not_a_list", "must be a list of {key, value}")]
        raise InvalidRequest("The body must be a list of {key, value}.", errors=errors)
    if len(items) > conf.settings.max_batch_size:
        message = f"must hold at most {conf.settings.max_batch_size} changes, not {len(items)}"
        raise BatchTooLarge(f"The list {message}.", errors=[FieldError("body", BatchTooLarge.code, message)])
    members = [item if isinstance(item, dict) else {} for item in items]
    unknown = [
        FieldError(f"{index}.{name}", "extra_forbidden", "is not a member of a change; give key and value")
        for index, item in enumerate(members)
        for name in item.keys() - {"key", "value"}
    ]
    if unknown:
        raise InvalidRequest("A change has members that are unknown.", errors=unknown)
    return [ChangeRequest(_key(item.get("key")), item.get("value")) for item in members]


def _key(given: object) -> str:
    return given if isinstance(given, str) else ""  # no key, and refused as such
