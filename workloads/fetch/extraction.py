"""Extraction of a page's readable text, title, author and date."""

from dataclasses import dataclass
from datetime import date, datetime
from email.message import Message

import trafilatura
from lxml.html import HtmlElement
from trafilatura.settings import Document

from queueapp.errors import PermanentFailure
from workloads.fetch.charset import decode
from workloads.fetch.models import MAX_TITLE_CHARACTERS
from workloads.fetch.page_tree import parse, remove_hidden
from workloads.fetch.repeats import mark_repeats

HTML = frozenset({"text/html", "application/xhtml+xml"})
PLAIN = frozenset({"text/plain", "text/markdown", "application/json", "application/xml", "text/xml"})
ACCEPT = "text/html, application/xhtml+xml, text/plain;q=0.9, text/markdown;q=0.9, application/json;q=0.5, */*;q=0.1"
# Finding the readable part takes seconds a megabyte, the square of it for some pages; of larger ones all text is taken.
READER_CHARACTERS = 2_000_000
# The moment with its offset where one is given; so what the page says comes before the date in its address.
DATES = {
    "original_date": True,
    "extensive_search": True,
    "outputformat": "%Y-%m-%dT%H:%M:%S.%f%z",
    "deferred_url_extractor": True,
}
NO_DATE = {"min_date": "9999-01-01"}  # the earliest to be believed
UNREADABLE = "\ufffd"


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
    published: datetime | date | None = None


def media_type(header: str) -> tuple[str, str | None]:
    """The type of a Content-Type header, e.g. text/html, and its charset. Raises ContentTypeNotAllowed."""
    message = Message()
    message["Content-Type"] = header
    found = header.partition(";")[0].strip().lower()
    if found not in HTML | PLAIN:
        allowed = ", ".join(sorted(HTML | PLAIN))
        raise ContentTypeNotAllowed(f"the content type {found[:100]!r} cannot be read; these can: {allowed}")
    try:
        return found, message.get_content_charset()
    except TypeError:  # two ways at once of continuing one parameter
        return found, None


def extract(body: bytes, content_type: str, charset: str | None, *, reader_mode: bool) -> Extract:
    """Extract the readable part of a page, or all of its text. Raises NoExtractableText."""
    content = decode(body, content_type, charset)
    page = _extract_html(content, reader_mode) if content_type in HTML else Extract(_storable(content))
    if not page.text.strip(UNREADABLE):
        raise NoExtractableText("the page holds no text that could be extracted")
    return page


def _extract_html(html: str, reader_mode: bool) -> Extract:
    tree = parse(html)
    if tree is None:
        return Extract("")
    beginning = parse(html[:READER_CHARACTERS]) if len(html) > READER_CHARACTERS else None
    about = _metadata(tree if beginning is None else beginning)
    remove_hidden(tree)
    marks = mark_repeats(tree)
    text = None
    if reader_mode and len(html) <= READER_CHARACTERS:
        text = trafilatura.extract(tree, include_comments=False)
    return Extract(
        _storable((text or trafilatura.html2txt(tree)).translate(marks)),
        _one_line(about.title, MAX_TITLE_CHARACTERS),
        _one_line(about.author, MAX_TITLE_CHARACTERS),
        _published(about.date),
    )


def _metadata(tree: HtmlElement) -> Document:
    try:
        return trafilatura.extract_metadata(tree, date_config=DATES)
    except ValueError:  # a date whose offset is a day or more
        return trafilatura.extract_metadata(tree, date_config=NO_DATE)


def _storable(text: str) -> str:
    """PostgreSQL keeps neither NUL nor lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode().strip()


def _one_line(text: str | None, limit: int) -> str:
    line = " ".join(_storable(text or "").split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _published(moment: str | None) -> datetime | date | None:
    """A moment where the page gives a time and its offset; else no more than the day is known."""
    found = datetime.fromisoformat(moment) if moment else None
    return found if found is None or found.tzinfo else found.date()
