"""Bytes to text as browsers do: byte order mark, header, <meta>, then UTF-8, then the Western default."""

import codecs
import re

MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# The encodings of the web. Python knows more, and some of those are slow or no encoding of text at all.
KNOWN = frozenset(
    [
        *("utf-8", "utf-16", "utf-16-le", "utf-16-be", "gbk", "gb2312", "gb18030", "big5", "euc_jp", "shift_jis"),
        *("iso2022_jp", "euc_kr", "koi8-r", "koi8-u", "cp866", "cp874", "mac-roman", "tis-620"),
        *(f"iso8859-{part}" for part in range(1, 17)),
        *(f"cp125{page}" for page in range(9)),
    ]
)
DECLARED = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
LOOKED_THROUGH_BYTES = 4096


def decode(body: bytes, charset: str | None) -> str:
    """The text of a body; `charset` is what its header says. Never raises: what cannot be read becomes U+FFFD."""
    for mark, marked in MARKS.items():
        if body.startswith(mark):
            return body[len(mark) :].decode(marked, "replace")
    declared = DECLARED.search(body, 0, LOOKED_THROUGH_BYTES)
    for name in (charset, declared[1].decode() if declared else None):
        if encoding := _known(name):
            return body.decode(encoding, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _known(name: str | None) -> str | None:
    """Python's name of an encoding; Latin-1 and ASCII mean Windows-1252 on the web."""
    try:
        found = codecs.lookup(name or "").name
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        return None
    if found in ("ascii", "iso8859-1"):
        return "cp1252"
    return found if found in KNOWN else None
