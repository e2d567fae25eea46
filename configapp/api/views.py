"""Reading the configuration, and asking for changes, which the queue applies."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from configapp import changes, queries
from configapp.api import schemas
from configapp.api.base import ConfigView, accept_and_wait, accept_one_and_wait, etag_of, expected_version
from configapp.api.schemas import AuditForm, ChangeForm, RollbackForm, ValueForm
from configapp.changes import ChangeRequest
from configapp.errors import ChangeRefused
from configapp.models import ConfigAudit, ConfigChange
from configapp.serializers import audit_document, detailed_document, setting_document, version_document
from queueapp import conf
from queueapp.errors import FieldError
from queueapp.rest.openapi import Answer, Describer
from queueapp.rest.openapi.answers import Page
from queueapp.rest.toolkit.errors import BatchTooLarge, InvalidRequest
from queueapp.rest.toolkit.pagination import PageForm, page
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import Form

KEY = {
    "schema": {
        "type": "string",
        "pattern": r"^[a-zA-Z0-9_]{2,}(\.[a-zA-Z0-9_]{2,})+$",
        "minLength": 5,
        "maxLength": 64,
    },
    "example": "app.api_port",
}
ACCEPTED = Answer(
    "Accepted; after a wait, the change as it then is.", schemas.Change, ("Location", "Preference-Applied")
)
CHANGING = ("If-Match", "Prefer")
APPLIED = "A task applies it, in the order of acceptance of each key; every refusal is recorded."
EXAMPLE = {"key": "app.api_port", "value": 9000}

config = Describer("Configuration", {"key": KEY})
config("GET", "/config", "List the keys and what holds", {200: Answer("All of them.", Page[schemas.Setting])})
config(
    "POST",
    "/config",
    "Change a key",
    {202: ACCEPTED},
    details=APPLIED,
    body=schemas.ChangeForm,
    headers=CHANGING,
    errors=(412,),
    example=EXAMPLE,
)
config(
    "POST",
    "/config/bulk",
    "Change several keys, all or none",
    {202: Answer("All were accepted.", schemas.Changes, ("Location", "Preference-Applied"))},
    details="One task applies them in one transaction. A refusal names every bad item by its place in the list.",
    body=schemas.ChangesForm,
    headers=("Prefer",),
    example=[EXAMPLE, {"key": "app.debug", "value": "false"}],
)
config(
    "POST",
    "/config/validate",
    "Ask whether a change would be accepted",
    {200: Answer("It would.", schemas.Validity)},
    details="Nothing is changed or recorded.",
    body=schemas.ChangeForm,
    example=EXAMPLE,
)
config(
    "GET",
    "/config/audit",
    "What became of every attempt to change something",
    {200: Answer("A page, the newest first.", Page[schemas.Record])},
    query=schemas.AuditForm,
)
config("GET", "/config/export", "What the database holds", {200: Answer("Values by key.", schemas.Export)})
config(
    "GET",
    "/config/{key}",
    "Look at a key",
    {200: Answer("What holds for it, its bounds, and what waits.", schemas.DetailedSetting, ("ETag",))},
)
config(
    "PUT",
    "/config/{key}",
    "Change this key",
    {202: ACCEPTED},
    details=APPLIED,
    body=schemas.ValueForm,
    headers=CHANGING,
    errors=(412,),
    example={"value": 9000},
)
config(
    "DELETE",
    "/config/{key}",
    "Go back to the default of a key",
    {202: ACCEPTED},
    details="Its history stays.",
    headers=CHANGING,
    errors=(412,),
)
config(
    "GET",
    "/config/{key}/history",
    "The versions of a key",
    {200: Answer("A page, the newest first.", Page[schemas.Version])},
    query=PageForm,
)
config(
    "POST",
    "/config/{key}/rollback",
    "Go back to an earlier version of a key",
    {202: ACCEPTED},
    details="It becomes a new version.",
    body=schemas.RollbackForm,
    headers=CHANGING,
    errors=(412,),
    example={"version": 1},
)


class ConfigList(ConfigView):
    """Every known key, and the change of one."""

    rights: ClassVar = {"GET": Right.CONFIG_READ, "POST": Right.CONFIG_WRITE}

    def get(self, request: Request) -> Response:
        self.query(Form)
        with self.principal.scope():
            results = [setting_document(setting) for setting in queries.all_settings()]
        return Response({"results": results, "next": None, "previous": None})

    def post(self, request: Request) -> Response:
        form, actor, version = self.body(ChangeForm), self.principal.actor, expected_version(request)
        return accept_one_and_wait(
            request,
            self.principal,
            lambda: changes.submit_change(form.key, form.value, actor=actor, expected_version=version),
        )


class ConfigDetail(ConfigView):
    """One key: what holds for it, a new value, its default again."""

    rights: ClassVar = {"GET": Right.CONFIG_READ, "PUT": Right.CONFIG_WRITE, "DELETE": Right.CONFIG_WRITE}

    def get(self, request: Request, key: str) -> Response:
        self.query(Form)
        with self.principal.scope():
            setting = queries.find_setting(key)
            document = detailed_document(setting, queries.pending(key))
        return Response(document, headers={"ETag": etag_of(setting.version)})

    def put(self, request: Request, key: str) -> Response:
        form, actor, version = self.body(ValueForm), self.principal.actor, expected_version(request)
        return accept_one_and_wait(
            request,
            self.principal,
            lambda: changes.submit_change(key, form.value, actor=actor, expected_version=version),
        )

    def delete(self, request: Request, key: str) -> Response:
        actor, version = self.principal.actor, expected_version(request)
        return accept_one_and_wait(
            request, self.principal, lambda: changes.unset(key, actor=actor, expected_version=version)
        )


class ConfigRollback(ConfigView):
    """What an earlier version said, as a new version."""

    rights: ClassVar = {"POST": Right.CONFIG_WRITE}

    def post(self, request: Request, key: str) -> Response:
        form, actor, version = self.body(RollbackForm), self.principal.actor, expected_version(request)
        return accept_one_and_wait(
            request, self.principal, lambda: changes.roll_back(key, form.version, actor=actor, expected_version=version)
        )


class ConfigBulk(ConfigView):
    """Several changes, all or none, in one transaction."""

    rights: ClassVar = {"POST": Right.CONFIG_WRITE}

    def post(self, request: Request) -> Response:
        requests = _change_requests(request.data)
        return accept_and_wait(
            request,
            self.principal,
            lambda: self._submit(requests),
            lambda documents: {"changes": documents},
        )

    def _submit(self, requests: list[ChangeRequest]) -> list[ConfigChange]:
        try:
            return changes.submit_changes(requests, actor=self.principal.actor)
        except ChangeRefused as refusal:
            if len(requests) == 1:  # is named like a change on its own, without its place in the list
                refusal.errors = [FieldError(f"0.{each.field}", each.code, each.message) for each in refusal.errors]
            raise


class ConfigValidate(ConfigView):
    """Whether a change would be accepted. Nothing is changed or recorded."""

    rights: ClassVar = {"POST": Right.CONFIG_READ}

    def post(self, request: Request) -> Response:
        form = self.body(ChangeForm)
        return Response({"valid": True, "value": changes.dry_run(form.key, form.value, actor=self.principal.actor)})


class ConfigHistory(ConfigView):
    """The versions of a key, the newest first."""

    rights: ClassVar = {"GET": Right.CONFIG_READ}

    def get(self, request: Request, key: str) -> Response:
        form = self.query(PageForm)
        with self.principal.scope():
            return Response(page(request, queries.history(key), form, version_document))


class ConfigAuditList(ConfigView):
    """What became of every attempt to change something, the newest first."""

    rights: ClassVar = {"GET": Right.CONFIG_READ}

    def get(self, request: Request) -> Response:
        form = self.query(AuditForm)
        wanted = {"config_key": form.key, "actor": form.actor, "status": form.status}
        records = ConfigAudit.objects.filter(**{name: value for name, value in wanted.items() if value is not None})
        with self.principal.scope():
            return Response(page(request, records, form, audit_document))


class ConfigExport(ConfigView):
    """What the database holds: `values` in the form that a PUT takes, and which secrets are set."""

    rights: ClassVar = {"GET": Right.CONFIG_READ}

    def get(self, request: Request) -> Response:
        self.query(Form)
        with self.principal.scope():
            stored = [each for each in queries.all_settings() if each.source == queries.Source.DATABASE]
        values = {each.spec.key: each.shown for each in stored if not each.spec.secret}
        return Response(
            {"values": values, "secrets": {each.spec.key: each.shown for each in stored if each.spec.secret}}
        )


def _change_requests(items: Any) -> list[ChangeRequest]:
    """The items of a bulk request, good and bad, so that all refusals are told and recorded together.

    Raises InvalidRequest, BatchTooLarge for what is no list of {key, value} or a long one.
    """
    if not isinstance(items, list):
        errors = [FieldError("body", "not_a_list", "must be a list of {key, value}")]
        raise InvalidRequest("The body must be a list of {key, value}.", errors=errors)
    if len(items) > conf.settings.max_batch_size:
        message = f"must hold at most {conf.settings.max_batch_size} changes, not {len(items)}"
        raise BatchTooLarge(f"The list {message}.", errors=[FieldError("body", BatchTooLarge.code, message)])
    members = [item if isinstance(item, dict) else {} for item in items]
    unknown = [
        FieldError(f"{index}.{name}", "extra_forbidden", "is no member of a change; give key and value")
        for index, item in enumerate(members)
        for name in item.keys() - {"key", "value"}
    ]
    if unknown:
        raise InvalidRequest("A change has members that are unknown.", errors=unknown)
    return [ChangeRequest(_key(item.get("key")), item.get("value")) for item in members]


def _key(given: object) -> str:
    return given if isinstance(given, str) else ""  # no key, and refused as such
