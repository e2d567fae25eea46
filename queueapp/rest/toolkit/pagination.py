"""Lists in pages that stay put while rows come and go: a cursor is the id where the last page ended."""

from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Model, QuerySet
from pydantic import BeforeValidator, Field, WithJsonSchema
from rest_framework.request import Request

from queueapp.validation import RequestModel, ResponseModel

MAX_LIMIT = 200
# in hex: a byte for the direction, then those of an id or of a name
ID_CURSOR, NAME_CURSOR = "^0[01][0-9a-f]{32}$", "^0[01]([0-9a-f]{2})*$"
BAD_CURSOR = "is not a cursor of this list: take it from `next` or `previous`"
SomeModel = TypeVar("SomeModel", bound=Model)
Item = TypeVar("Item")
Row = TypeVar("Row")


def _decoded(value: Any) -> tuple[bool, bytes]:
    """In which direction to go on, and from where."""
    try:
        raw = bytes.fromhex(value)
    except (ValueError, TypeError):
        raw = b""
    if not raw or raw[0] > 1:
        raise ValueError(BAD_CURSOR)
    return bool(raw[0]), raw[1:]


def _cursor(value: Any) -> tuple[bool, UUID]:
    backwards, start = _decoded(value)
    if len(start) != 16:
        raise ValueError(BAD_CURSOR)
    return backwards, UUID(bytes=start)


def _name_cursor(value: Any) -> tuple[bool, str]:
    backwards, start = _decoded(value)
    return backwards, start.decode("latin-1")  # any bytes are one; names are ASCII


def _schema(pattern: str) -> WithJsonSchema:
    described = "From `next` or `previous` of another page."
    return WithJsonSchema({"type": "string", "pattern": pattern, "description": described})


class PageQuery(RequestModel):
    """What every list takes. A cursor says in which direction to go on from which id."""

    limit: int = Field(50, ge=1, le=MAX_LIMIT)
    cursor: Annotated[tuple[bool, UUID], BeforeValidator(_cursor), _schema(ID_CURSOR)] | None = None


class NamePageQuery(RequestModel):
    """The same, of a list in the order of names."""

    limit: int = Field(50, ge=1, le=MAX_LIMIT)
    cursor: Annotated[tuple[bool, str], BeforeValidator(_name_cursor), _schema(NAME_CURSOR)] | None = None


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
    return _page(request, found, query, start.bytes if start else None, lambda row: row.pk.bytes, make)


def page_by_name(
    request: Request, items: list[Item], query: NamePageQuery, name_of: Callable[[Item], str]
) -> Page[Item]:
    """A page of a list that is in the order of its names."""
    backwards, start = query.cursor or (False, None)
    if start is not None:
        items = [item for item in items if (name_of(item) < start if backwards else name_of(item) > start)]
    found = (items[::-1] if backwards else items)[: query.limit + 1]
    start_key = None if start is None else start.encode("latin-1")
    return _page(request, found, query, start_key, lambda item: name_of(item).encode(), lambda item: item)


def _page(
    request: Request,
    found: list[Row],
    query: PageQuery | NamePageQuery,
    start: bytes | None,
    key_of: Callable[[Row], bytes],
    make: Callable[[Row], Item],
) -> Page[Item]:
    """Of what was found from the cursor on, in its direction: one more than the page takes, where there is more."""
    backwards = query.cursor is not None and query.cursor[0]
    there_is_more, found = len(found) > query.limit, found[: query.limit]
    if backwards:
        found.reverse()
    has_next, has_previous = (True, there_is_more) if backwards else (there_is_more, start is not None)
    next_start, previous_start = (key_of(found[-1]), key_of(found[0])) if found else (None, start)
    return Page(
        results=[make(row) for row in found],
        next=_link(request, backwards=False, start=next_start) if has_next else None,
        previous=_link(request, backwards=True, start=previous_start) if has_previous else None,
    )


def address_with(request: Request, **changes: str) -> str:
    """The address of this request with other query parameters."""
    query = {name: value for name, value in request.query_params.items() if name != "cursor"} | changes
    return request.build_absolute_uri(f"{request.path}?{urlencode(query)}")


def _link(request: Request, *, backwards: bool, start: bytes | None) -> str:
    """The address of the page that begins after `start`, or of the first page."""
    if start is None:
        return address_with(request)
    return address_with(request, cursor=(bytes([backwards]) + start).hex())
