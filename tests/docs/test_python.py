"""The Python of the pages can be parsed, and what it imports of ours exists."""

import ast
import re
from importlib import import_module

import pytest

from tests.clusters import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
OURS = ("queueapp", "configapp", "workloads")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_imports_exists(page):
    for block in re.findall(r"^ *```python\n(.*?)^ *```", page.read_text(), re.M | re.S):
        for node in ast.walk(ast.parse(block if not block.startswith(" ") else re.sub(r"^   ", "", block, flags=re.M))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(OURS):
                module = import_module(node.module or "")
                assert [name.name for name in node.names if not hasattr(module, name.name)] == []
