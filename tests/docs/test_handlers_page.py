"""docs/handlers.md names every option of handler(), every part of the context, every field of a task, every error."""

import dataclasses
import inspect
import re

from queueapp import errors, handlers
from queueapp.handler_options import HandlerOptions, TypeOptions
from queueapp.tasks.requests import TaskRequest
from queueapp.typed import SubmitOptions
from queueapp.worker.context import TaskContext
from tests.clusters import ROOT

PAGE = (ROOT / "docs" / "handlers.md").read_text()


def section(heading):
    return PAGE[PAGE.index(f"\n## {heading}\n") :].split("\n## ")[1]


def names(heading):
    """What the first column of the section's tables names, as code."""
    cells = [line.split("|")[1] for line in section(heading).splitlines() if line.startswith("| ")]
    return {name for cell in cells for name in re.findall(r"`(?:task\.)?(\w+)[^`]*`", cell)}


def test_every_option_of_a_handler():
    own = set(inspect.signature(handlers.handler).parameters) - {"options"}
    assert own == {"type", "params"}
    assert names("Options of `handler()`") == own | set(HandlerOptions.__annotations__)


def test_an_option_has_a_name_and_a_default():
    fields = {field.name for field in dataclasses.fields(TypeOptions)}
    assert fields - {"type"} == set(HandlerOptions.__annotations__)


def test_what_a_task_function_takes_is_what_a_submission_has():
    assert set(SubmitOptions.__annotations__) == {*TaskRequest.model_fields, "tenant"} - {"type", "params"}


def test_every_part_of_the_context():
    public = {name for name in vars(TaskContext) if not name.startswith("_")} | {"worker_id"}
    assert names("What the context offers") == public


def test_every_field_of_a_submission():
    assert names("Submitting") == set(TaskRequest.model_fields)


def test_every_error_with_its_code():
    named = names("Errors")
    kinds = {name for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, Exception)}
    assert named == kinds - {"TaskrunnerError", "ValidationFailure"}
    assert {f"`{getattr(errors, name).code}`" for name in named} <= set(re.findall(r"`\w+`", section("Errors")))


def test_the_defaults_are_those_of_the_code():
    defaults = {
        field.name: field.default
        for field in dataclasses.fields(handlers.Handler)
        if isinstance(field.default, (int, float, str))
    }
    rows = [line.split("|") for line in section("Options of `handler()`").splitlines() if line.startswith("| `")]
    written = {row[1].strip().strip("`"): row[2].strip().strip("`").strip('"') for row in rows}
    assert {name: written[name] for name in defaults} == {name: str(value) for name, value in defaults.items()}
