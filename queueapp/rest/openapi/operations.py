"""Operations: one entry for each address and method. Whoever adds an address describes it here; a test insists.

Other apps too: what they serve below /api/v1 stands in their `api/urls.py`, which taskrunner/urls.py includes and which
imports the module that describes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from queueapp.rest.openapi.components import PATH_PARAMETERS


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
    example: Any  # a body that is accepted
    path_parameters: Mapping[str, Any]  # those that its app has, by name; a description and an example of each


OPERATIONS: dict[tuple[str, str], Operation] = {}


@dataclass(frozen=True, slots=True)
class Describer:
    """Describes the operations of one part of the API, with the parameters that its paths may have."""

    tag: str
    path_parameters: Mapping[str, Any] = field(default_factory=lambda: PATH_PARAMETERS)

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
        example: Any = None,
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
            path_parameters=self.path_parameters,
        )
