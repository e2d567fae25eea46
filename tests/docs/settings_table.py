"""The table of docs/install.md, from the models of TASKRUNNER's sections.

`python -m tests.docs.settings_table` rewrites it.
"""

import os
from pathlib import Path

import django
from pydantic.fields import FieldInfo

PAGE = Path(__file__).resolve().parents[2] / "docs" / "install.md"
BEGIN, END = "<!-- generated from queueapp/conf.py -->\n", "<!-- end of the settings -->\n"


def settings_table() -> str:
    from queueapp import conf

    rows = [
        f"| `{_key(section.path, name)}` | {_default(field)} | {field.description or ''} |"
        for section in (conf._core, *conf._sections.values())
        for name, field in section.model.model_fields.items()
    ]
    return "\n".join(["| key | default | |", "|---|---|---|", *rows]) + "\n"


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
