"""What is installed: requirements*.txt fit requirements*.in and are hashed, and the wheel's ranges admit them."""

import re
import tomllib
from itertools import chain

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.clusters import ROOT

FOLDER = "tests/tenancy/policies"
SOURCES = ["requirements.in", "requirements-dev.in", f"{FOLDER}/requirements.in"]
COMPILED = re.compile(r"^([\w.-]+)==(\S+)(?: ;[^\\\n]*)?( \\\n    --hash=sha256:[0-9a-f]{64})+$", re.MULTILINE)


def wanted(source):
    """By name, the version that a source pins, and those of a source that it refers to."""
    pins = {}
    for line in (ROOT / source).read_text().splitlines():
        if line.startswith("-r "):
            pins |= wanted(line.removeprefix("-r "))
        elif line and not line.startswith("#"):
            requirement, _, reason = line.partition("#")
            name, version = requirement.partition(";")[0].strip().split("==")
            assert reason.strip(), f"{source} does not say why {name} is there"
            pins[canonicalize_name(name)] = version
    return pins


def compiled(source):
    """By name, the version that is installed; every line has its hashes."""
    text = (ROOT / source).with_suffix(".txt").read_text()
    found = {canonicalize_name(match[1]): match[2] for match in COMPILED.finditer(text)}
    assert len(found) == len(re.findall(r"^[\w.-]+==", text, re.MULTILINE)), "a version without a hash"
    return found


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_installed_is_what_is_asked_for(source):
    pins = wanted(source)
    assert pins
    installed = compiled(source)
    assert {name: installed.get(name) for name in pins} == pins, "run `make requirements`"


def test_tests_run_on_the_versions_that_production_runs_on():
    assert compiled("requirements.in").items() <= compiled("requirements-dev.in").items()


@pytest.mark.parametrize(
    ("wheel", "source"),
    [("pyproject.toml", "requirements.in"), ("clients/python/pyproject.toml", "requirements-dev.in")],
)
def test_a_wheels_ranges_admit_the_versions_that_we_run_on(wheel, source):
    project = tomllib.loads((ROOT / wheel).read_text())["project"]
    extras = chain.from_iterable(project.get("optional-dependencies", {}).values())
    ranges = [Requirement(text) for text in [*project["dependencies"], *extras]]
    pins = wanted(source)
    refused = [
        str(each)
        for each in ranges
        if each.name != project["name"] and not each.specifier.contains(pins[canonicalize_name(each.name)])
    ]
    assert refused == []
