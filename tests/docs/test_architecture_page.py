"""ARCHITECTURE.md draws the layers that the imports are held to, and names every part of queueapp in its tree."""

from tests.architecture.layers import LAYERS
from tests.clusters import ROOT
from tests.docs.test_paths import tree_of

PAGE = (ROOT / "ARCHITECTURE.md").read_text()


def test_the_layers_drawn_are_those_of_the_test():
    block = PAGE[PAGE.index("\n## Layers\n") :].split("```")[1]
    rows = [line.split("#")[0].split() for line in block.splitlines() if line.startswith("    ")]
    assert [set(row) for row in rows] == LAYERS


def test_the_tree_names_every_part_of_queueapp():
    drawn = {name.removesuffix(".py") for name in tree_of(PAGE)}
    assert {part for layer in LAYERS for part in layer if f"queueapp/{part}" not in drawn} == set()
