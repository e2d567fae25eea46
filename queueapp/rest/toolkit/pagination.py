"""Lists in pages that stay put while rows come and go: a cursor is the id where the last page ended."""

import base64
import binascii
from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Model, QuerySet
from pydantic import BeforeValidator, Field
from rest_framework.request import Request

from queueapp.validation import RequestModel, ResponseModel

MAX_LIMIT = 200
SomeModel = TypeVar("SomeModel", bound=Model)
Item = TypeVar("Item")


def _cursor(value: Any) -> tuple[bool, UUID]:
    try:
        raw = base64.b32decode(value)
        if len(raw) != 17 or raw[0] > 1:
            raise ValueError
        return bool(raw[0]), UUID(bytes=raw[1:])
    except (ValueError, TypeError, binascii.Error):
        raise ValueError("is not a cursor of this list: take it from `next` or `previous`") from None


class PageQuery(RequestModel):
    """What every list takes. A cursor says in which direction to go on from which id."""

    limit: int = Field(50, ge=1, le=MAX_LIMIT)
    cursor: Annotated[tuple[bool, UUID], BeforeValidator(_cursor)] | None = None


class Page(ResponseModel, Generic[Item]):
    """A part of a list; `next` and `previous` are the addresses of the parts around it."""

    results: list[Item]
    next: str | None
    previous: str | None


def whole_list(items: list[Item]) -> Page[Item]:
    """A list that comes in one part."""
    return Page(results=items, next=None, previous=None)


def page(
    request: Request, rows: "QuerySet[SomeModel]", query: PageQuery, make: Callable[[SomeModel], Item]
) -> Page[Item]:
    """A page of rows, the newest first."""
    backwards, start = query.cursor or (False, None)
    if start is not None:
        rows = rows.filter(id__gt=start) if backwards else rows.filter(id__lt=start)
    found = list(rows.order_by("id" if backwards else "-id")[: query.limit + 1])
    there_is_more, found = len(found) > query.limit, found[: query.limit]
    if backwards:
        found.reverse()
    has_next, has_previous = (True, there_is_more) if backwards else (there_is_more, start is not None)
    last, first = (found[-1].pk, found[0].pk) if found else (None, start)
    return Page(
        results=[make(row) for row in found],
        next=_link(request, backwards=False, start=last) if has_next else None,
        previous=_link(request, backwards=True, start=first) if has_previous else None,
    )


def address_with(request: Request, **changes: str) -> str:
    """The address of this request with other query parameters."""
    query = {name: value for name, value in request.query_params.items() if name != "cursor"} | changes
    return request.build_absolute_uri(f"{request.path}?{urlencode(query)}")


def _link(request: Request, *, backwards: bool, start: UUID | None) -> str:
    """The address of the page that begins after `start`, or of the first page."""
    if start is None:
        return address_with(request)
    return address_with(request, cursor=base64.b32encode(bytes([backwards]) + start.bytes).decode())
