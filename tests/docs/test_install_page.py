"""docs/install.md shows every setting, with its app, its default and what it is for, as the code has them."""

from tests.docs.settings_table import PAGE, rewritten, settings_table, written


def test_the_page_holds_every_setting():
    assert written(PAGE.read_text()) == settings_table(), "rewrite it: python -m tests.docs.settings_table"


def test_every_setting_is_described():
    assert [row for row in settings_table().splitlines() if row.startswith("| `") and row.endswith("|  |")] == []


def test_rewriting_changes_nothing_else():
    page = PAGE.read_text()
    assert rewritten(page.replace(settings_table(), "old\n")) == page
