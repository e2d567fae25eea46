"""docs/logs.md has each event that the code logs, and no other; and no line of ours is without one."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.source import ROOT, Module, modules, strings_of

PAGE = (ROOT / "docs" / "logs.md").read_text()
EVENT = re.compile(r"`([a-z_]+)`")
TAKES_AN_EVENT = {"log_event", "_event", "_log_set", "log_startup"}
LEVELS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
FOR_PEOPLE = "taskrunner.devserver"  # its log is read at a terminal


def documented() -> set[str]:
    rows = PAGE[PAGE.index("\n## Events\n") :].splitlines()
    return {name for row in rows if row.startswith("| `") for name in EVENT.findall(row.split("|")[1])}


def texts(node: ast.AST) -> Iterator[str]:
    """The strings in an expression, but not those that a dictionary in it is looked up by."""
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def named_events(module: Module) -> Iterator[str]:
    """What stands beside "event" in a dictionary, and what is given to a function that takes an event."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "event":
                    yield from texts(value)
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "id", "")
            if name in TAKES_AN_EVENT and node.args:
                yield from texts(node.args[0])


def logging_calls(module: Module) -> Iterator[ast.Call]:
    for node in ast.walk(module.tree):
        function = node.func if isinstance(node, ast.Call) else None
        if (
            isinstance(function, ast.Attribute)
            and function.attr in LEVELS
            and getattr(function.value, "id", "") == "logger"
        ):
            yield node  # type: ignore[misc]


def test_every_event_of_the_code_is_documented():
    assert {event for module in modules().values() for event in named_events(module)} - documented() == set()


def test_every_documented_event_is_in_the_code():
    known = {text for module in modules().values() for text in strings_of(module)}
    assert documented() - known == set()


def test_every_line_has_its_event():
    wrong = [
        f"{name}:{call.lineno}"
        for name, module in modules().items()
        if not name.startswith(FOR_PEOPLE)
        for call in logging_calls(module)
        if not any(keyword.arg == "extra" for keyword in call.keywords)
    ]
    assert wrong == []
