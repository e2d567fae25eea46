"""docs/tutorial.md, followed to the letter in a new project."""

import pytest

from tests.architecture.source import ROOT
from tests.package.cells import cells_of
from tests.package.literate import Reader, sections

PAGE = ROOT / "docs" / "tutorial.md"


@pytest.fixture
def reader(make_bare_host):
    """With the newest Django that there is."""
    host = make_bare_host(cells_of("single")[-1])
    with Reader(host, install=lambda line: None) as reader:  # the environment has it
        yield reader


def test_the_tutorial_leads_to_a_receipt_a_schedule_and_a_dead_letter(reader):
    said = {section.heading: reader.follow(section) for section in sections(PAGE)}
    assert list(said) == ["A project", "Install", "A task", "Its test", "A schedule", "Run it", "What fails"]
    assert "\nOK" in said["Its test"]
    assert said["Run it"].count("completed") >= 3, "both, and the story of one"
    assert "Receipt 1: 9.00 euros" in said["Run it"]
    reader.wait_for_schedule("orders.count_missing")
    assert "will redrive 1 task of main" in said["What fails"]
