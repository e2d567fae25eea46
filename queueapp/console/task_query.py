"""What the address of the task list asks for, and the addresses of lists that ask for a little else."""

from datetime import timedelta
from functools import cached_property
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.urls import reverse
from pydantic import StringConstraints, ValidationError

from queueapp import clock
from queueapp.console.access import Access
from queueapp.models import Tenant
from queueapp.tasks.filters import TaskFilter
from queueapp.validation import Text, field_errors

SPANS = {"1h": timedelta(hours=1), "6h": timedelta(hours=6), "24h": timedelta(hours=24), "7d": timedelta(days=7)}
# parameters of the list that do not narrow it
OTHERS = ("before", "after", "find", "ids", "top")


class TaskQuery(TaskFilter):
    """The filters of the list: those of all lists, a tenant for those who see several, and a span that ends now."""

    tenant: Annotated[Text, StringConstraints(min_length=1, max_length=50)] | None = None
    since: Literal["1h", "6h", "24h", "7d"] | None = None

    @classmethod
    def of(cls, request: HttpRequest, access: Access) -> Self:
        """Raises BadRequest naming each parameter that cannot be."""
        given = {name: value for name, value in request.GET.items() if value and name not in OTHERS}
        if not access.is_platform and "tenant" in given:
            raise BadRequest("tenant: this scope has one tenant")
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise BadRequest("; ".join(f"{each.field:.100}: {each.message}" for each in field_errors(error))) from None

    @property
    def given(self) -> dict[str, str]:
        """What narrows the list, as an address says it."""
        return {name: str(value) for name, value in self.model_dump(mode="json", exclude_none=True).items()}

    @property
    def filter(self) -> TaskFilter:
        """The filter that lists and bulk operations share, with a moment in place of the span."""
        return TaskFilter(**self.for_bulk(exclude=("tenant",)))

    def for_bulk(self, *, exclude: tuple[str, ...] = ()) -> dict[str, Any]:
        """The same, as parameters of the page for all tasks that match."""
        given = {name: value for name, value in self.given.items() if name not in ("since", *exclude)}
        if self.since:
            given["created_after"] = (clock.now() - SPANS[self.since]).isoformat()
        return given

    @cached_property
    def tenant_ids(self) -> list[UUID] | None:
        """The tenant that is named, or none where there is no such; None where none is named. Needs a scope."""
        if self.tenant is None:
            return None
        return list(Tenant.objects.filter(slug=self.tenant).values_list("pk", flat=True))

    def address(self, access: Access, **changes: str | None) -> str:
        """Of the list with some parameters changed, or left out where they are None; it starts at the newest."""
        query = {name: value for name, value in {**self.given, **changes}.items() if value}
        return reverse("console:tasks", args=[access.scope], query=query)
