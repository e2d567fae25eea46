"""A page as a tree: all of it, however deep it is nested, and what of it a browser does not show."""

import re

from lxml.etree import ErrorTypes, ParserError, XPath
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from workloads.fetch.nesting import flattened

UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # no XML tree holds them

# The HTML Standard's list of hidden elements, and what stands in for media and scripts where those do not run. A page
# may hide its <body> until its scripts have run, and `until-found` and <details> fold up what is there to be read.
HIDDEN = XPath(
    r"""/html/body//*[
    self::area or self::datalist or self::noembed or self::noframes or self::noscript or self::rp or self::template
    or self::audio or self::canvas or self::iframe or self::object or self::video
    or self::dialog[not(@open)] or @popover or @hidden[not(re:test(., '^\s*until-found\s*$', 'i'))]
    or re:test(@style, '(^|;)\s*(display\s*:\s*none|visibility\s*:\s*(hidden|collapse))\s*(!|;|$)', 'i')]""",
    namespaces={"re": "http://exslt.org/regular-expressions"},
)


def parse(html: str) -> HtmlElement | None:
    """The tree of a page or a fragment; None if there is nothing in it."""
    html = UNSTORABLE.sub(" ", html)
    tree, whole = _parse(html)
    if not whole:
        tree, _ = _parse(flattened(html), huge_tree=True)  # texts of 10 MB and more as well
    if tree is not None and tree.find("body") is None:  # only frames
        tree, _ = _parse(f"<html><body>{html}</body></html>")
    return tree


def _parse(html: str, *, huge_tree: bool = False) -> tuple[HtmlElement | None, bool]:
    """The tree, and whether all of the page is in it."""
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False, huge_tree=huge_tree)
    try:
        tree = document_fromstring(html.encode(), parser=parser)
    except ParserError:  # the document is empty
        return None, True
    return tree, all(error.type != ErrorTypes.ERR_RESOURCE_LIMIT for error in parser.error_log)


def remove_hidden(tree: HtmlElement) -> None:
    """Empty what a browser does not show. Its elements stay: to join the texts around many takes the square of them."""
    for element in HIDDEN(tree):
        element.clear(keep_tail=True)
