"""Bytes to text as the HTML and Encoding Standards say, in the encodings of browsers."""

import re

import turbohtml
import turbohtml.detect  # registers its codecs `whatwg-…`; Python's own read less, or other characters

BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "UTF-8", b"\xfe\xff": "UTF-16BE", b"\xff\xfe": "UTF-16LE"}
XML_ENCODING = re.compile(rb"""<\?xml[^>]*?encoding[\x00-\x20]*=[\x00-\x20]*(["'])([^"'>\x80-\xff]*)\1[^>]*>""")
XML_DECLARED = 1024  # bytes in which an XML declaration counts
XML_BEGINNINGS = {b"<\x00?\x00x\x00": "UTF-16LE", b"\x00<\x00?\x00x": "UTF-16BE"}
BEYOND_ASCII = bytes(range(0x80, 0x100))


def decode(body: bytes, content_type: str, charset: str | None) -> str:
    """The text of a body; `charset` is what its header says. Never raises: unreadable bytes become U+FFFD."""
    for mark, name in BYTE_ORDER_MARKS.items():
        if body.startswith(mark):
            return body[len(mark) :].decode(f"whatwg-{name}", "replace")
    name = _encoding(charset) or _declared(body, content_type) or _guessed(body)
    return body.decode(f"whatwg-{name}", "replace")


def _encoding(label: str | None) -> str | None:
    """The encoding of a label, by the standard's table: `gb2312` means GBK, `iso-8859-1` windows-1252."""
    try:
        return turbohtml.parse(b"", encoding=label).encoding if label else None
    except (LookupError, ValueError):  # ValueError: a NUL or half of a surrogate pair in the label
        return None


def _declared(body: bytes, content_type: str) -> str | None:
    """What the page says of itself. In XML its declaration comes first, in HTML a <meta>."""
    if content_type == "text/html":
        return _meta_encoding(body) or _xml_encoding(body)
    if content_type.endswith(("/xml", "+xml")):
        return _xml_encoding(body) or (_meta_encoding(body) if "html" in content_type else None)
    return None


def _meta_encoding(body: bytes) -> str | None:
    """The first <meta> that names an encoding; what stands in a comment or a script is none."""
    for token in turbohtml.tokenize(body.decode("latin-1"), capture_source=True):
        if token.tag == "meta" and token.type is turbohtml.TokenType.START_TAG and token.source:
            page = turbohtml.parse(token.source.encode("latin-1"))
            if page.encoding_confidence == "certain":  # declared, not the default
                return page.encoding
    return None


def _xml_encoding(body: bytes) -> str | None:
    for beginning, utf_16 in XML_BEGINNINGS.items():
        if body.startswith(beginning):
            return utf_16
    declaration = XML_ENCODING.match(body, 0, XML_DECLARED)
    name = _encoding(declaration[2].decode()) if declaration else None
    # a declaration that can be read is not in UTF-16, whatever it says
    return "UTF-8" if name in ("UTF-16LE", "UTF-16BE") else name


def _guessed(body: bytes) -> str:
    """UTF-8, however few characters beyond ASCII are broken; windows-1252 where more of them are."""
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = len(text) - broken - len(body.translate(None, BEYOND_ASCII))
    return "UTF-8" if whole >= broken else "windows-1252"
