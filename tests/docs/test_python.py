"""The Python of the pages can be parsed, and what it imports of ours exists."""

import ast
import re
import textwrap
from importlib import import_module

import pytest

from tests.clusters import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
OURS = ("queueapp", "configapp", "workloads")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_imports_exists(page):
    for block in python_blocks(page):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(OURS):
                module = import_module(node.module or "")
                assert [name.name for name in node.names if not hasattr(module, name.name)] == []


def python_blocks(page):
    """The page's blocks of Python, those in lists too."""
    blocks = re.findall(r"^ *```python\n(.*?)^ *```", page.read_text(), re.M | re.S)
    return [textwrap.dedent(block) for block in blocks]
