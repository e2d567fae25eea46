"""Extraction of a page's readable text, title, author and date."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message

import trafilatura

from queueapp.errors import PermanentFailure
from workloads.fetch.charset import decode
from workloads.fetch.models import MAX_TITLE_CHARACTERS

HTML = frozenset({"text/html", "application/xhtml+xml"})
PLAIN = frozenset({"text/plain", "text/markdown", "application/json", "application/xml", "text/xml"})
ACCEPT = "text/html, application/xhtml+xml, text/plain;q=0.9, text/markdown;q=0.9, application/json;q=0.5, */*;q=0.1"
# Finding the readable part takes seconds a megabyte, the square of it for some pages; of larger ones all text is taken.
READER_CHARACTERS = 2_000_000
XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*>")  # names an encoding, and the text has none any more


class ContentTypeNotAllowed(PermanentFailure):
    code = "content_type_not_allowed"


class NoExtractableText(PermanentFailure):
    code = "no_extractable_text"


@dataclass(frozen=True, slots=True)
class Extract:
    """The text of a page, never empty, and its metadata; '' and None where the page gives none."""

    text: str
    title: str = ""
    author: str = ""
    published_at: datetime | None = None


def media_type(header: str) -> tuple[str, str | None]:
    """The type of a Content-Type header, e.g. text/html, and its charset. Raises ContentTypeNotAllowed."""
    message = Message()
    message["Content-Type"] = header
    found = header.partition(";")[0].strip().lower()
    if found not in HTML | PLAIN:
        allowed = ", ".join(sorted(HTML | PLAIN))
        raise ContentTypeNotAllowed(f"the content type {found[:100]!r} cannot be read; these can: {allowed}")
    return found, message.get_content_charset()


def extract(body: bytes, content_type: str, charset: str | None, *, reader_mode: bool) -> Extract:
    """Extract the readable part of a page, or all of its text. Raises NoExtractableText."""
    content = decode(body, charset)
    page = _extract_html(content, reader_mode) if content_type in HTML else Extract(_storable(content))
    if not page.text:
        raise NoExtractableText("the page holds no text that could be extracted")
    return page


def _extract_html(html: str, reader_mode: bool) -> Extract:
    html = XML_DECLARATION.sub("", html.replace("\x00", ""))
    tree = trafilatura.load_html(html[:READER_CHARACTERS])
    if tree is None or tree.find(".//body") is None:  # a fragment, or plain text that is served as HTML
        html = f"<html><body>{html}</body></html>"
        tree = trafilatura.load_html(html[:READER_CHARACTERS])
    if tree is None:  # nested deeper than the parser goes
        return Extract("")
    about = trafilatura.extract_metadata(tree)
    text = None
    if reader_mode and len(html) <= READER_CHARACTERS:
        text = trafilatura.extract(tree, include_comments=False)
    return Extract(
        _storable(text or trafilatura.html2txt(html)),
        _one_line(about.title, MAX_TITLE_CHARACTERS),
        _one_line(about.author, MAX_TITLE_CHARACTERS),
        _moment(about.date),
    )


def _storable(text: str) -> str:
    """PostgreSQL keeps neither NUL nor lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode().strip()


def _one_line(text: str | None, limit: int) -> str:
    line = " ".join(_storable(text or "").split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _moment(date: str | None) -> datetime | None:
    """Pages seldom say more than the day."""
    try:
        return datetime.fromisoformat(date).replace(tzinfo=UTC) if date else None
    except ValueError:
        return None
