"""What is wrong now: for all tenants, or for the tenant of the key."""

from typing import Any

from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.rest.toolkit.endpoints import ResponseSpec, endpoint, resource
from queueapp.rest.toolkit.pagination import Page, whole_list
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView
from queueapp.tasks.alerts import alerts
from queueapp.validation import ResponseModel


class AlertDocument(ResponseModel):
    """One thing that is wrong now, and what to do."""

    code: str = Field(description="`no_capable_worker` and `queue_paused` as in `/tasks/{id}/why`; `late`, …")
    message: str
    advice: str
    count: int = Field(description="Of the tasks that it is about, at most 1,000.")
    counts_more: bool = Field(description="Whether there are more.")
    filter: dict[str, str] = Field(description="Query parameters with which `GET /tasks` lists them.")
    detail: dict[str, Any] = Field(description="Members that depend on the code.")


@resource("alerts", tag="Usage")
class AlertList(ApiView):
    """The alerts."""

    @endpoint(
        "What is wrong now",
        right=Right.USAGE_READ,
        responses={200: ResponseSpec("All alerts, those about tasks that cannot run first.", Page[AlertDocument])},
        details="For admin keys of the platform; for others, and where an admin names a tenant, about its own tasks.",
    )
    def get(self, request: Request) -> Response:
        return Response(whole_list([AlertDocument.of(each) for each in alerts(self.principal.sees_tenant)]))
