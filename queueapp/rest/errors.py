"""Errors: the kinds of failures that a tenant's tasks met, and what people decide about them."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal

from django.urls import register_converter
from pydantic import AfterValidator, Field, StringConstraints
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.conf import MAX_RELEASE_CHARACTERS
from queueapp.error_groups import queries, service
from queueapp.error_groups.documents import ErrorDetailDocument, ErrorDocument
from queueapp.error_groups.queries import MOST_LISTED
from queueapp.models import ErrorGroup
from queueapp.rest.toolkit.endpoints import ResponseSpec, endpoint, resource
from queueapp.rest.toolkit.errors import NotVisible
from queueapp.rest.toolkit.pagination import Page, whole_list
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView
from queueapp.tasks.filters import OF_TYPES
from queueapp.type_patterns import type_pattern
from queueapp.validation import WHOLE, RequestModel, Text
from queueapp.windows import WindowName

FINGERPRINT = "[0-9a-f]{16}|other"
PARAMETERS = {
    "fingerprint": {"schema": {"type": "string", "pattern": f"^({FINGERPRINT})$"}, "example": "0123456789abcdef"}
}
MAX_NOTE = 2_000
Note = Annotated[Text, StringConstraints(max_length=MAX_NOTE)]


class FingerprintConverter:
    """The part of an address that is the fingerprint of a kind of failure."""

    regex = FINGERPRINT

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(FingerprintConverter, "taskrunner_fingerprint")


class ErrorQuery(RequestModel):
    """How far back to count."""

    window: WindowName = "24h"


class ErrorListQuery(ErrorQuery):
    """Which errors: those seen in the window."""

    state: Literal["open", "ignored", "resolved"] | None = None
    type: Annotated[str, Field(max_length=200), AfterValidator(type_pattern), OF_TYPES] | None = None
    limit: int = Field(50, ge=1, le=MOST_LISTED)


class NoteRequest(RequestModel):
    """Why, for those who look at it later."""

    note: Note = ""


class IgnoreRequest(NoteRequest):
    """Until when: without `failures`, until it is opened again."""

    failures: Annotated[int, Field(ge=1, le=10**12, strict=True), WHOLE] | None = Field(
        None, description="Open again once so many more were counted."
    )


class ResolveRequest(NoteRequest):
    """Where it is mended."""

    release: Annotated[str, StringConstraints(max_length=MAX_RELEASE_CHARACTERS, pattern=r"^[!-~]*$")] = ""


class ErrorView(ApiView):
    """Base of what shows or changes errors: those of the principal's tenant; for an admin who names none, all."""

    def show(self, fingerprint: str, window: str = "24h") -> Response:
        detail = queries.error_detail(fingerprint, window, tenant_id=self.principal.sees_tenant)
        if detail is None:
            raise NotVisible("error")
        return Response(ErrorDetailDocument.of_detail(detail, with_traceback=self.principal.is_admin))

    def act(self, fingerprint: str, verb: Callable[[list[ErrorGroup]], None]) -> Response:
        with self.principal.scope():
            groups = service.locked(fingerprint, self.principal.sees_tenant)
            if not groups:
                raise NotVisible("error")
            verb(groups)
            return self.show(fingerprint)


@resource("errors", tag="Errors")
class ErrorList(ApiView):
    """The kinds of failures that were seen lately."""

    @endpoint(
        "List errors, the most frequent first",
        right=Right.TASKS_READ,
        responses={200: ResponseSpec("The first of them.", Page[ErrorDocument])},
        details="Failures of a type are one error when they come from the same place of the code with the same words. "
        "GET /tasks takes its `error_fingerprint`, and so do the bulk operations.",
    )
    def get(self, request: Request, query: ErrorListQuery) -> Response:
        tenant_id = self.principal.sees_tenant
        with self.principal.scope():
            rows = queries.error_rows(
                query.window, tenant_id=tenant_id, state=query.state, type_pattern=query.type, limit=query.limit
            )
        return Response(whole_list([ErrorDocument.of(row) for row in rows]))


@resource("errors/<taskrunner_fingerprint:fingerprint>", tag="Errors", parameters=PARAMETERS)
class ErrorDetail(ErrorView):
    """One of them in full."""

    @endpoint(
        "Look at an error",
        right=Right.TASKS_READ,
        responses={200: ResponseSpec("The error, with a failure lately.", ErrorDetailDocument)},
    )
    def get(self, request: Request, fingerprint: str, query: ErrorQuery) -> Response:
        with self.principal.scope():
            return self.show(fingerprint, query.window)


act_resource = partial(resource, tag="Errors", parameters=PARAMETERS)
act_endpoint = partial(
    endpoint,
    right=Right.TASKS_MANAGE,
    responses={200: ResponseSpec("The error as it is now.", ErrorDetailDocument)},
)


@act_resource("errors/<taskrunner_fingerprint:fingerprint>/ignore")
class ErrorIgnore(ErrorView):
    """Counted in silence."""

    @act_endpoint("Ignore an error, for ever or until so many more", example={"failures": 100, "note": "known"})
    def post(self, request: Request, fingerprint: str, body: IgnoreRequest) -> Response:
        return self.act(fingerprint, lambda groups: service.ignore(groups, more=body.failures, note=body.note))


@act_resource("errors/<taskrunner_fingerprint:fingerprint>/resolve")
class ErrorResolve(ErrorView):
    """Mended."""

    @act_endpoint(
        "Say that an error is mended",
        details="It is open again once it is seen in any release but the one it was last seen in; where workers name "
        "no release, once it is seen at all.",
        example={"release": "1f71"},
    )
    def post(self, request: Request, fingerprint: str, body: ResolveRequest) -> Response:
        return self.act(fingerprint, lambda groups: service.resolve(groups, release=body.release, note=body.note))


@act_resource("errors/<taskrunner_fingerprint:fingerprint>/reopen")
class ErrorReopen(ErrorView):
    """Neither ignored nor resolved any more."""

    @act_endpoint("Open an error again", example={"note": "it came back"})
    def post(self, request: Request, fingerprint: str, body: NoteRequest) -> Response:
        return self.act(fingerprint, lambda groups: service.reopen(groups, note=body.note))
