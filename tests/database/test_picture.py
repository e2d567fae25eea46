"""docs/lifecycle.md and ARCHITECTURE.md show the state machine as it is."""

import pytest

from queueapp.states import Status
from tests.database.picture import PAGE, PAGES, diagram, drawn, redrawn


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_page_holds_the_diagram_of_states_py(page):
    assert drawn(page.read_text()) == diagram(), "redraw it: python -m tests.database.picture"


def test_redrawing_changes_nothing_else():
    page = PAGE.read_text()
    assert redrawn(page.replace(diagram(), "old\n")) == page


def test_the_page_describes_every_status_and_counter():
    text = PAGE.read_text()
    for word in (*Status, "attempt", "failures", "crash_count"):
        assert f"\n| `{word}` |" in text


def test_every_status_is_reached_and_only_final_ones_end():
    arrows = [line.strip().split(":")[0].split(" --> ") for line in diagram().splitlines() if "-->" in line]
    assert {target for _, target in arrows} == {*Status, "[*]"}
    assert {source for source, target in arrows if target == "[*]"} == {"completed", "dead_letter", "cancelled"}
