"""The access matrix of docs/security.md, from the routes and the rights of the roles.

`python -m tests.rest.matrix` rewrites it.
"""

import os
from pathlib import Path

import django

PAGE = Path(__file__).resolve().parents[2] / "docs" / "security.md"
BEGIN, END = "<!-- generated from queueapp/rest -->\n", "<!-- end of the matrix -->\n"


def matrix() -> str:
    from queueapp.rest.toolkit.permissions import ROLE_RIGHTS
    from tests.rest.routes import routes

    roles = [role.value for role in ROLE_RIGHTS]
    lines = [f"| | right | {' | '.join(roles)} |", "|---" * (len(roles) + 2) + "|"]
    for route in routes():
        marks = " | ".join("yes" if role in route.roles else "–" for role in roles)
        lines.append(f"| `{route}` | `{route.right}` | {marks} |")
    return "\n".join(lines) + "\n"


def written(page: str) -> str:
    """The part of the page between the marks. Raises ValueError where they are missing."""
    return page[page.index(BEGIN) + len(BEGIN) : page.index(END)]


def rewritten(page: str) -> str:
    return page[: page.index(BEGIN) + len(BEGIN)] + matrix() + page[page.index(END) :]


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.typecheck_settings")
    django.setup()
    PAGE.write_text(rewritten(PAGE.read_text()))
