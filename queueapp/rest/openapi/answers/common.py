"""What answers have in common: their base, pages of lists, and problems."""

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Document = TypeVar("Document")


class ResponseModel(BaseModel):
    """Base: exactly these members."""

    model_config = ConfigDict(extra="forbid")


class FieldProblem(ResponseModel):
    """What is wrong with one field of a request."""

    field: str = Field(description="A dotted path.")
    code: str
    message: str


class Problem(BaseModel):
    """An error (RFC 9457). `code` is stable; `detail` says what to do."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldProblem] = []


class Page(ResponseModel, Generic[Document]):
    """A part of a list; `next` and `previous` are the addresses of the parts around it."""

    results: list[Document]
    next: str | None
    previous: str | None
