"""Bytes to text as browsers do: byte order mark, header, <meta>, then UTF-8, then the Western default."""

import codecs
import re

BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# The encodings of the web. Python knows more, and some of those are slow or do not encode text.
ENCODINGS = frozenset(
    [
        *("utf-8", "utf-16", "utf-16-le", "utf-16-be", "gbk", "gb2312", "gb18030", "big5", "euc_jp", "shift_jis"),
        *("iso2022_jp", "euc_kr", "koi8-r", "koi8-u", "cp866", "cp874", "mac-roman", "tis-620"),
        *(f"iso8859-{part}" for part in range(1, 17)),
        *(f"cp125{page}" for page in range(9)),
    ]
)
META_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
META_BYTES = 4096


def decode(body: bytes, charset: str | None) -> str:
    """The text of a body; `charset` is what its header says. Never raises: unreadable bytes become U+FFFD."""
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    declared = META_CHARSET.search(body, 0, META_BYTES)
    for name in (charset, declared[1].decode() if declared else None):
        if known := _encoding(name):
            return body.decode(known, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _encoding(name: str | None) -> str | None:
    """Python's name of an encoding; Latin-1 and ASCII mean Windows-1252 on the web."""
    try:
        found = codecs.lookup(name or "").name
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        return None
    if found in ("ascii", "iso8859-1"):
        return "cp1252"
    return found if found in ENCODINGS else None
