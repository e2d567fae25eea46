"""docs/README.md lists every page of docs/ once."""

import re
from collections import Counter

from tests.clusters import ROOT

INDEX = ROOT / "docs" / "README.md"


def test_every_page_is_listed_once():
    rows = "".join(line.split("|")[1] for line in INDEX.read_text().splitlines() if line.startswith("| ["))
    listed = Counter(re.findall(r"\]\((\S+?\.md)\)", rows))
    pages = {path.name for path in INDEX.parent.glob("*.md")} - {INDEX.name}
    assert listed == Counter(pages)
