"""Addresses of the console's pages, with parameters that name nothing."""

import re
from uuid import UUID

from queueapp.console.pages import pages

SOMETHING = {"uuid": str(UUID(int=7)), "str": "something", "slug": "something", "int": "7"}


def address_of(name: str, scope: str) -> str:
    path = re.sub(r"<(\w+):\w+>", lambda found: SOMETHING[found[1]], pages()[name].path)
    return f"/console/{scope}/{path}{'/' if path else ''}"
