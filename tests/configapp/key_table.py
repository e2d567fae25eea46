"""The table of docs/configuration.md, from the catalogue.

`python -m tests.configapp.key_table` updates it.
"""

from html import escape
from pathlib import Path

from configapp.catalogue import CATALOGUE
from configapp.keyspec import KeySpec, Kind, Value

PAGE = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"
BEGIN, END = "<!-- generated from configapp/catalogue -->\n", "<!-- end of the keys -->\n"


def key_table() -> str:
    rows = [
        f"| `{spec.key}` | {_values(spec)} | {_default(spec)} | {spec.description} |" for spec in CATALOGUE.values()
    ]
    return "\n".join(["| key | value | default | meaning |", "|---|---|---|---|", *rows]) + "\n"


def written(page: str) -> str:
    """The part of the page between the marks. Raises ValueError where they are missing."""
    return page[page.index(BEGIN) + len(BEGIN) : page.index(END)]


def rewritten(page: str) -> str:
    return page[: page.index(BEGIN) + len(BEGIN)] + key_table() + page[page.index(END) :]


def _values(spec: KeySpec) -> str:
    match spec.kind:
        case Kind.CHOICE:
            return ", ".join(f"`{each}`" for each in spec.choices)
        case Kind.INTEGER | Kind.NUMBER:
            return f"{spec.kind} {spec.minimum}–{spec.maximum}"
        case Kind.STRING if spec.secret:
            return f"secret, at least {spec.minimum} characters" if spec.minimum != 1 else "secret"
        case Kind.STRING if spec.pattern:
            pattern = escape(spec.pattern, quote=False).replace("|", "&#124;").replace("`", "&#96;")
            return f"string, <code>{pattern}</code>"
    return spec.kind.value


def _default(spec: KeySpec) -> str:
    return "–" if spec.default is None else f"`{_written(spec.default)}`"


def _written(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text()))
