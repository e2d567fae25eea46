"""Security events: what was refused. For admin keys."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import StringConstraints
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.models import SecurityEvent
from queueapp.rest.toolkit.endpoints import ResponseSpec, endpoint, resource
from queueapp.rest.toolkit.pagination import Page, PageQuery, page
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView
from queueapp.tasks.filters import Moment
from queueapp.validation import ResponseModel, Text


class SecurityEventListQuery(PageQuery):
    """Which refusals."""

    event: Annotated[Text, StringConstraints(min_length=1, max_length=50)] | None = None
    actor: Annotated[Text, StringConstraints(min_length=1, max_length=200)] | None = None
    after: Moment | None = None
    before: Moment | None = None


class SecurityEventResponse(ResponseModel):
    """A refusal."""

    id: UUID
    at: datetime
    tenant_id: UUID | None
    actor: str
    event: str
    detail: dict[str, Any]


@resource("security-events", tag="Platform")
class SecurityEventList(ApiView):
    """Refusals of all tenants, or of the one that the admin names."""

    @endpoint(
        "What was refused, the newest first",
        right=Right.PLATFORM_READ,
        responses={200: ResponseSpec("A page.", Page[SecurityEventResponse])},
    )
    def get(self, request: Request, query: SecurityEventListQuery) -> Response:
        wanted = {"event": query.event, "actor": query.actor, "at__gt": query.after, "at__lt": query.before}
        events = SecurityEvent.objects.filter(**{name: value for name, value in wanted.items() if value is not None})
        with self.principal.scope():
            if self.principal.names_tenant:
                events = events.filter(tenant_id=self.principal.tenant_id)
            return Response(page(request, events, query, SecurityEventResponse.of))
