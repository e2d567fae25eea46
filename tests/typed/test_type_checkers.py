"""mypy and pyright accept what is right in planted/, and refuse each line that is marked as wrong."""

import json
import re
import subprocess
import sys

import pytest

from tests.clusters import ROOT

PLANTED = ROOT / "tests" / "typed" / "planted"
NAMES = ("right", "wrong", "client")
FILES = [f"tests/typed/planted/{name}.py" for name in NAMES]
MYPY = ["mypy", "--no-error-summary", "--hide-error-context", "--config-file", str(PLANTED / "mypy.ini")]


def run(*words):
    """What a checker says, started as a module of this environment."""
    return subprocess.run([sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, timeout=300).stdout


def mypy(folder):
    said = run(*MYPY, "--cache-dir", str(folder), *FILES)
    return {(name, int(line)) for name, line in re.findall(r"planted/(\w+)\.py:(\d+): error", said)}


def pyright(_folder):
    found = json.loads(run("pyright", "--outputjson", "--pythonpath", sys.executable, *FILES))
    return {
        (re.sub(r".*/(\w+)\.py$", r"\1", each["file"]), each["range"]["start"]["line"] + 1)
        for each in found["generalDiagnostics"]
        if each["severity"] == "error"
    }


def planted():
    return {
        (name, number)
        for name in NAMES
        for number, line in enumerate((PLANTED / f"{name}.py").read_text().splitlines(), 1)
        if line.endswith("  # wrong")
    }


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_each_mistake_is_found_and_nothing_else(checker, tmp_path):
    assert len(planted()) >= 25
    assert checker(tmp_path) == planted()
