"""docs/client.md: its Python runs as it stands against a live server with workers, and it names every error."""

import re

import pytest
import taskrunner_client
from taskrunner_client import ClientError, Problem

from tests.clusters import ROOT, running_cluster
from tests.docs.test_python import python_blocks
from tests.rest.calling import key_for

PATH = ROOT / "docs" / "client.md"


@pytest.fixture
def environment(live, acme, monkeypatch):
    monkeypatch.setenv("TASKRUNNER_URL", live.url)
    monkeypatch.setenv("TASKRUNNER_CLIENT_KEY", key_for(acme))


def test_the_python_of_the_page_does_what_it_says(environment):
    said = []
    page = {"print": lambda *words: said.append(" ".join(map(str, words)))}
    with running_cluster(workers=1):
        for block in python_blocks(PATH):
            exec(block, page)
    page["client"].close()
    assert said == [
        "completed {'slept_seconds': 0.5}",
        "[{'n': 0}, {'n': 1}, {'n': 2}, {'n': 3}, {'n': 4}]",
        "True",
        "b'Hello world'",
        "['params.seconds']",
    ]


def test_every_error_is_named_with_its_codes():
    kinds = {
        kind for kind in vars(taskrunner_client).values() if isinstance(kind, type) and issubclass(kind, ClientError)
    }
    table = PATH.read_text().partition("\n## Errors\n")[2]
    named = set(re.findall(r"`(\w+)`", table))
    assert {kind.__name__ for kind in kinds} <= named
    left_out = {"malformed_json", "batch_size_exceeded", "invalid_value", "invalid_artifact"}  # the "…" of the table
    assert {code for kind in kinds if issubclass(kind, Problem) for code in kind.codes} - left_out <= named
