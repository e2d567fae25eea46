"""Every address of the API as the urls of all apps have it: its methods, and the right that each needs."""

import re
from dataclasses import dataclass

from django.urls import URLResolver, get_resolver

from queueapp.rest.toolkit.endpoints import endpoints_of
from queueapp.rest.toolkit.permissions import ROLE_RIGHTS, Right
from queueapp.rest.toolkit.views import ApiView

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
EXAMPLES = {
    "queue": "default",
    "name": "default",
    "family": "sample",
    "operation": "noop",
    "type": "x.y",
    "key": "app.debug",
    "fingerprint": "0123456789abcdef",
}


@dataclass(frozen=True)
class Route:
    """A method of an address; `path` has its parameters in braces."""

    method: str
    path: str
    right: Right
    view: type[ApiView]

    @property
    def roles(self) -> list[str]:
        return [role.value for role in ROLE_RIGHTS if self.right in ROLE_RIGHTS[role]]

    @property
    def names_a_row(self) -> bool:
        return "_id}" in self.path

    def filled(self, row_id: object) -> str:
        """An address to send something to, about a row of this id."""
        named = re.sub(r"\{\w*id\}", str(row_id), self.path)
        return re.sub(r"\{(\w+)\}", lambda found: EXAMPLES[found[1]], named)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def routes() -> list[Route]:
    """Those of views of ours, whichever app has them; the pages that document the API are Django's."""
    return [
        Route(method, _readable(str(pattern.pattern)), endpoints_of(view)[method].right, view)
        for included in get_resolver().url_patterns
        if isinstance(included, URLResolver) and str(included.pattern) == "api/v1/"
        for pattern in included.url_patterns
        if (view := getattr(pattern.callback, "view_class", None)) is not None and issubclass(view, ApiView)
        for method in METHODS
        if method in endpoints_of(view)
    ]


def _readable(pattern: str) -> str:
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", pattern)
