"""The list of public imports in docs/extending.md: all of it exists, and the pages import nothing else."""

import ast
import re
from importlib import import_module

import pytest

from tests.clusters import ROOT
from tests.docs.test_python import OURS, PAGES, python_blocks

PAGE = (ROOT / "docs" / "extending.md").read_text()
ROWS = [
    line.split("|")[1:3] for line in PAGE[PAGE.index("\n## Public imports\n") :].splitlines() if line.startswith("| `")
]
NAMES = {
    module: re.findall(r"`([A-Za-z_]+)`", names)
    for modules, names in ROWS
    for module in re.findall(r"`([\w.]+)`", modules)
}


@pytest.mark.parametrize("module", NAMES)
def test_what_is_listed_exists(module):
    imported = import_module(module)
    assert [name for name in NAMES[module] if not hasattr(imported, name)] == []


@pytest.mark.parametrize("module", ["queueapp", "queueapp.hooks"])
def test_the_list_is_whole(module):
    assert set(NAMES[module]) == set(import_module(module).__all__)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_imports_what_is_listed(page):
    named = {name for block in python_blocks(page) for name in modules_named(block)}
    assert {name for name in named if name.startswith(OURS)} - set(NAMES) == set()


def modules_named(block):
    """What a block of Python imports from, or includes into its addresses."""
    for node in ast.walk(ast.parse(block)):
        match node:
            case ast.ImportFrom(module=str(module)):
                yield module
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.Call(func=ast.Name(id="include"), args=[ast.Constant(value=str(module))]):
                yield module
