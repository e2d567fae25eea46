"""Pages that are nested deeper than libxml2 reads, rewritten so that nothing of them is lost."""

from collections import Counter

from lxml.html.defs import empty_tags
from turbohtml import Token, TokenType, tokenize

# Only pages that libxml2 would cut off, at 256 elements, are rewritten; and what reads them is slow in deep trees.
NESTING = 100
# libxml2 waits for the ends of the others that have none.
EMPTY = empty_tags - {"embed", "source", "track", "wbr"}


def flattened(html: str) -> str:
    """The page with what is deeper than NESTING elements side by side instead, as browsers have it from 512 on."""
    page = _Flattened()
    for token in tokenize(html, resolve_references=False, capture_source=True):
        if token.type is TokenType.START_TAG and token.tag not in EMPTY and not token.self_closing:
            page.open(token)
        elif token.type is TokenType.END_TAG:
            page.close(token)
        elif page.innermost != "noscript":  # not read; a text here, and elements in libxml2
            page.parts.append(token.source or token.data or "")  # a text has no source but itself
    return "".join(page.parts)


class _Flattened:
    """Each tag costs the same at any depth: of the deep elements one is open in what is written, the innermost."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._opened: list[str] = []
        self._names: Counter[str] = Counter()  # of those, to know at once that an end tag ends nothing
        self._deep = ""

    @property
    def innermost(self) -> str:
        return self._opened[-1] if self._opened else ""

    def open(self, token: Token) -> None:
        tag = token.tag or ""
        self._opened.append(tag)
        self._names[tag] += 1
        if len(self._opened) > NESTING:
            self._switch(tag, token.source or "")
        else:
            self.parts.append(token.source or "")

    def close(self, token: Token) -> None:
        tag = token.tag or ""
        if not self._names[tag]:
            return
        closed = ""
        while closed != tag:
            closed = self._opened.pop()
            self._names[closed] -= 1
        if len(self._opened) > NESTING:
            self._switch(self.innermost, f"<{self.innermost}>")
        elif len(self._opened) == NESTING:
            self._switch("", "")
        else:
            self._switch("", token.source or "")

    def _switch(self, tag: str, start: str) -> None:
        if self._deep:
            self.parts.append(f"</{self._deep}>")
        self._deep = tag
        self.parts.append(start)
