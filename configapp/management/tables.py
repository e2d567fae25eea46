"""How `config` prints each of its answers for people."""

import json
from collections.abc import Callable
from typing import Any

from queueapp.management.output import Output, rfc3339

Document = dict[str, Any]


def _get(output: Output, document: Document) -> None:
    for name in ("key", "value", "source", "version", "kind", "default", "description"):
        shown = document[name] if name in ("key", "source", "kind", "description") else _text(document[name])
        output.line(f"{name:12} {shown}")


def _list(output: Output, documents: list[Document]) -> None:
    headers = ("key", "value", "source", "version", "kind")
    output.table(headers, [[d["key"], _text(d["value"]), d["source"], str(d["version"]), d["kind"]] for d in documents])


def _history(output: Output, documents: list[Document]) -> None:
    rows = [[str(d["version"]), _text(d["value"]), rfc3339(d["at"]), d["actor"]] for d in documents]
    output.table(("version", "value", "at", "by"), rows)


def _change(output: Output, document: Document) -> None:
    version = f" as version {document['version']}" if document["version"] else f" by task {document['task_id']}"
    output.line(f"{document['key']}: {document['action']} is {document['status']}{version}.")


def _check(output: Output, documents: list[Document]) -> None:
    for document in documents:
        output.line(f"{document['key']}: {document['problem']}")
    if not documents:
        output.line("All that is stored can be read and is allowed, and no change is stuck.")


def _rotate(output: Output, document: Document) -> None:
    output.line(f"{document['rotated']} secrets were encrypted again; all are under the first key now.")


def _text(value: object) -> str:
    return "–" if value is None else json.dumps(value, ensure_ascii=False)


PRINTERS: dict[str, Callable[[Output, Any], None]] = {
    "get": _get,
    "list": _list,
    "history": _history,
    "set": _change,
    "rollback": _change,
    "check": _check,
    "rotate": _rotate,
}
