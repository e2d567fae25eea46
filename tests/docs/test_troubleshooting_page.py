"""docs/troubleshooting.md: what it lists is said by the code, and the codes and checks of the code are listed."""

import inspect
import re

import pytest

from queueapp import errors
from queueapp.rest.toolkit import problem_details
from queueapp.rest.toolkit.errors import ApiError
from queueapp.tasks import diagnosis
from tests.architecture.source import ROOT, modules, strings_of

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text()
OURS = PAGE.partition("\n## Of others' making\n")[0]
# of Python, Django and handlers, in cells about our own codes
OTHERS = {"TypeError", "submit()", "SoftTimeout", "OperationalError"}
SAID = {re.sub(r"\s+", " ", text) for module in modules().values() for text in strings_of(module)}


def listed():
    """What stands as code in the first cell of each row: messages, with … for what differs, and codes."""
    rows = [line for line in OURS.splitlines() if line.startswith("| `")]
    return {text for row in rows for text in re.findall(r"`([^`]+)`", row.split(" | ")[0])} - OTHERS


def is_said(text):
    """Whether each part of it is a part of some string in the code."""
    parts = [part.strip() for part in text.split("…")]
    return all(any(part in said for said in SAID) for part in parts if part)


@pytest.mark.parametrize("text", sorted(listed()))
def test_what_is_listed_is_said_by_the_code(text):
    assert is_said(text.replace("a ** parameter", "a `**` parameter"))


def test_every_check_is_listed():
    checks = {text for text in SAID if re.fullmatch(r"taskrunner\.[EW]\d{3}", text)}
    assert len(checks) >= 9
    assert checks - listed() == set()


def test_every_code_is_listed():
    def below(kind):
        return {kind, *(each for child in kind.__subclasses__() for each in below(child))}

    own = {kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, errors.TaskrunnerError)}
    refusals = {kind for kind in below(ApiError) if kind.__module__.startswith("queueapp")}
    codes = {kind.code for kind in own | refusals | set(problem_details.STATUS_OF)}
    assert codes - {errors.TaskrunnerError.code} - listed() == set()


def test_every_reason_to_wait_is_listed():
    reasons = set(re.findall(r'Reason\(\s*"(\w+)"', inspect.getsource(diagnosis)))
    assert len(reasons) >= 9
    assert reasons - listed() == set()


def test_every_code_of_a_failure_is_listed():
    given = {
        code
        for name, module in modules().items()
        if name.startswith(("queueapp.worker", "queueapp.tasks", "queueapp.typed"))
        for code in re.findall(r'(?:OutcomeKind\.\w+, |^    code = )"(\w+)"', module.text, re.M)
    }
    assert {"task_runtime_exceeded", "result_invalid", "handler_error", "transaction_spoiled"} <= given
    assert given - listed() == set()
