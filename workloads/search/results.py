"""A search query, and the results of one source: only what is well-formed and bounded gets through."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from pydantic import BaseModel, ConfigDict

from workloads.safe_http import InvalidUrl, parse

MAX_TITLE_CHARACTERS = 300
MAX_SNIPPET_CHARACTERS = 1_000

BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
# Halves of surrogate pairs, which cannot be stored, and marks that make text read in another order than it is written.
UNWANTED = re.compile("[\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """The text of a query, how old its results may be in days (0: of any age), and how many are needed."""

    text: str
    recency_days: int
    count: int

    def key(self, source: str) -> str:
        """The key in Redis under which one source's response is kept."""
        digest = sha256(f"{self.text}|{source}|{self.recency_days}|{self.count}".encode()).hexdigest()
        return f"search:v1:{digest}"


class Result(BaseModel):
    """A page that a source found; its place in the source's list is its rank."""

    model_config = ConfigDict(frozen=True)

    title: str
    url: str
    snippet: str = ""
    published_at: datetime | None = None


def make_result(title: Any, url: Any, snippet: Any = None, published_at: Any = None) -> Result | None:
    """A result, or None without a title or a web address."""
    clean_title, clean_url = text_of(title, MAX_TITLE_CHARACTERS), url_of(url)
    if not clean_title or not clean_url:
        return None
    return Result(
        title=clean_title,
        url=clean_url,
        snippet=text_of(snippet, MAX_SNIPPET_CHARACTERS),
        published_at=moment_of(published_at),
    )


def collapsed(text: str) -> str:
    """The words with one space between them; control characters count as spaces, case is kept."""
    return BLANKS.sub(" ", text).strip()


def text_of(value: Any, limit: int) -> str:
    """One line of text of at most so many characters; empty if the value is not a string."""
    if not isinstance(value, str):
        return ""
    # cut first, generously: a megabyte of spaces need not be read to its end
    text = collapsed(UNWANTED.sub("", value[: 10 * limit]))
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def url_of(value: Any) -> str:
    """An http(s) address as it was sent; empty for anything else."""
    try:
        parse(value if isinstance(value, str) else "")
    except InvalidUrl:
        return ""
    return str(value)


def moment_of(value: Any) -> datetime | None:
    """A date or time of ISO 8601, in UTC where it names no zone; None for anything else."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
