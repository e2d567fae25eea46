"""Every path and link that a page names exists."""

import re

import pytest

from tests.clusters import ROOT

PAGES = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").glob("*.md"))]
TREE_LINE = re.compile(r"^( *)(\S.*?)(?:  +.*)?$")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    prose = re.sub(r"<code>.*?</code>|`[^`]*`", "code", page.read_text())
    for target in re.findall(r"\]\(([^)]+)\)", prose):
        path, _, anchor = target.partition("#")
        linked = (page.parent / path) if path else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked.read_text()), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_files_and_folders_exist(page):
    named = re.findall(r"`((?:[\w.]+/)+[\w.]*)`", page.read_text())
    ours = {name for name in named if name.split("/")[0] in top_level()}
    assert {name for name in ours if not (ROOT / name).exists()} == set()


def test_the_tree_of_architecture_is_the_tree():
    assert [name for name in tree_of((ROOT / "ARCHITECTURE.md").read_text()) if not list(ROOT.glob(name))] == []


def anchors(text):
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def top_level():
    return {path.name for path in ROOT.iterdir()}


def tree_of(page):
    """The paths that the first block of code draws: a folder's content is indented below it, four spaces a step."""
    block = page.split("```")[1]
    folders: list[str] = []
    for line in block.splitlines():
        if match := TREE_LINE.match(line):
            depth = len(match[1]) // 4
            folders = folders[:depth]
            names = [name for name in re.split(r"\s+", match[2]) if name]
            yield from ("".join(folders) + name.rstrip("/") for name in names)
            folders.append(names[-1])
