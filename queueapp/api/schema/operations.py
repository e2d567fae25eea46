"""Operations: one entry for each address and method. Whoever adds an address describes it here; a test insists."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of success: when it comes, the model of its body, and the header fields that may come along."""

    description: str
    body: type[BaseModel] | None = None
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What one method of one address takes and answers."""

    method: str
    path: str  # below /api/v1, with {parameters}
    tag: str
    summary: str
    details: str
    answers: dict[int, Answer]
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    headers: tuple[str, ...]  # request header fields, by their names in components.parameters
    errors: tuple[int, ...]  # beyond those that every request may meet
    example: dict[str, Any] | None  # a body that is accepted


OPERATIONS: dict[tuple[str, str], Operation] = {}


@dataclass(frozen=True, slots=True)
class Describer:
    """Describes the operations of one part of the API."""

    tag: str

    def __call__(
        self,
        method: str,
        path: str,
        summary: str,
        answers: dict[int, Answer],
        *,
        details: str = "",
        body: type[BaseModel] | None = None,
        query: type[BaseModel] | None = None,
        headers: tuple[str, ...] = (),
        errors: tuple[int, ...] = (),
        example: dict[str, Any] | None = None,
    ) -> None:
        """Add an operation. Raises ValueError for one that is described already."""
        if (method, path) in OPERATIONS:
            raise ValueError(f"{method} {path} is described twice")
        OPERATIONS[method, path] = Operation(
            method=method,
            path=path,
            tag=self.tag,
            summary=summary,
            details=details,
            answers=answers,
            body=body,
            query=query,
            headers=headers,
            errors=errors,
            example=example,
        )
