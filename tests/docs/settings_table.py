"""The tables of docs/install.md, one for each app, from the models of TASKRUNNER's sections.

`python -m tests.docs.settings_table` rewrites them.
"""

import os
from pathlib import Path

import django
from pydantic.fields import FieldInfo

PAGE = Path(__file__).resolve().parents[2] / "docs" / "install.md"
BEGIN, END = "<!-- generated from queueapp/conf.py -->\n", "<!-- end of the settings -->\n"


def settings_table() -> str:
    from queueapp import conf

    rows_by_app: dict[str, list[str]] = {}
    for section in (conf._core, *conf._sections.values()):
        rows = rows_by_app.setdefault(section.model.__module__.split(".")[0], [])
        rows += [
            f"| `{_key(section.path, name)}` | {_default(field)} | {field.description or ''} |"
            for name, field in section.model.model_fields.items()
        ]
    tables = [[f"| `{app}` | default | |", "|---|---|---|", *rows] for app, rows in rows_by_app.items()]
    return "\n".join("\n".join(table) + "\n" for table in tables)


def written(page: str) -> str:
    """The part of the page between the marks. Raises ValueError where they are missing."""
    return page[page.index(BEGIN) + len(BEGIN) : page.index(END)]


def rewritten(page: str) -> str:
    return page[: page.index(BEGIN) + len(BEGIN)] + settings_table() + page[page.index(END) :]


def _key(section: str, name: str) -> str:
    return f"{section}.{name.upper()}" if section else name.upper()


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    return "–" if value in (None, []) or not str(value) else f"`{value}`"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.typecheck_settings")
    django.setup()
    PAGE.write_text(rewritten(PAGE.read_text()))
