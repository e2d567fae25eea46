"""Equal paragraphs of a page, told apart while its readable part is found, which would leave the second out."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from lxml.etree import iterwalk
from lxml.html import HtmlElement

SIGNS = range(0x1F030, 0x1F094)  # domino tiles: they are printed, stand in no word, and hardly in any page
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
ITEMS = ("li", "dd", "dt", "td", "th")
BLOCKS = ("p", "div", "section", "article", "blockquote", "pre", "figcaption", "caption", *HEADINGS, *ITEMS)
Marks = dict[int, None]  # for str.translate, which removes them


def mark_repeats(tree: HtmlElement) -> Marks:
    """Begin each paragraph that came before with a number of its own, in signs that the page does not have."""
    text = tree.text_content()
    signs = list(islice((sign for sign in SIGNS if chr(sign) not in text), 2))
    digits = dict(zip(map(ord, "01"), signs, strict=False))
    seen: Counter[str] = Counter()
    for block in _paragraphs(tree) if len(signs) == 2 else ():
        words = " ".join(block.text_content().split())
        if seen[words] and words:
            # numbers never get shorter, so no marked paragraph is the end of an earlier one
            mark = f"{seen[words]:b}".translate(digits)
            block.text = mark + (block.text or "").lstrip("\n" if block.tag == "pre" else None)
        seen[words] += 1
    return dict.fromkeys(signs)


def _paragraphs(tree: HtmlElement) -> Iterator[HtmlElement]:
    """The blocks that hold no other."""
    begun = None
    for event, block in iterwalk(tree, events=("start", "end"), tag=BLOCKS):
        if event == "start":
            begun = block
        elif begun is block:
            yield block
