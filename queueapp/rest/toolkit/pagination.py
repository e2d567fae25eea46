"""Lists in pages that stay put while rows come and go: a cursor is the id where the last page ended."""

import base64
import binascii
from collections.abc import Callable
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Model, QuerySet
from pydantic import BeforeValidator, Field
from rest_framework.request import Request

from queueapp.rest.toolkit.views import Form

MAX_LIMIT = 200
SomeModel = TypeVar("SomeModel", bound=Model)


def _cursor(value: Any) -> tuple[bool, UUID]:
    try:
        raw = base64.b32decode(value)
        if len(raw) != 17 or raw[0] > 1:
            raise ValueError
        return bool(raw[0]), UUID(bytes=raw[1:])
    except (ValueError, TypeError, binascii.Error):
        raise ValueError("is no cursor of ours: take it from `next` or `previous`") from None


class PageForm(Form):
    """What every list takes. A cursor says in which direction to go on from which id."""

    limit: int = Field(50, ge=1, le=MAX_LIMIT)
    cursor: Annotated[tuple[bool, UUID], BeforeValidator(_cursor)] | None = None


def page(
    request: Request, rows: "QuerySet[SomeModel]", form: PageForm, document: Callable[[SomeModel], dict[str, Any]]
) -> dict[str, Any]:
    """A page of rows, the newest first: {results, next, previous}."""
    backwards, start = form.cursor or (False, None)
    if start is not None:
        rows = rows.filter(id__gt=start) if backwards else rows.filter(id__lt=start)
    found = list(rows.order_by("id" if backwards else "-id")[: form.limit + 1])
    there_is_more, found = len(found) > form.limit, found[: form.limit]
    if backwards:
        found.reverse()
    has_next, has_previous = (True, there_is_more) if backwards else (there_is_more, start is not None)
    last, first = (found[-1].pk, found[0].pk) if found else (None, start)
    return {
        "results": [document(row) for row in found],
        "next": _link(request, backwards=False, start=last) if has_next else None,
        "previous": _link(request, backwards=True, start=first) if has_previous else None,
    }


def address_with(request: Request, **changes: str) -> str:
    """The address of this request with other query parameters."""
    query = {name: value for name, value in request.query_params.items() if name != "cursor"} | changes
    return request.build_absolute_uri(f"{request.path}?{urlencode(query)}")


def _link(request: Request, *, backwards: bool, start: UUID | None) -> str:
    """The address of the page that begins after `start`, or of the first page."""
    if start is None:
        return address_with(request)
    return address_with(request, cursor=base64.b32encode(bytes([backwards]) + start.bytes).decode())
