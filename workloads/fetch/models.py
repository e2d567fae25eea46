"""The pages a tenant has fetched: the cache of its next fetch, and what it can search without a network."""

from datetime import UTC, date, datetime, time, timedelta, timezone

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Left, Length
from django.db.models.lookups import LessThanOrEqual

from queueapp.models.base import TenantModel

MAX_URL_CHARACTERS = 2048  # as ASCII; the unique index could not hold much more
MAX_TITLE_CHARACTERS = 500
# A tsvector holds 1 MiB. Text of the worst shape (hyphenated words of rare letters) still fits when cut here.
SEARCHED_CHARACTERS = 100_000
# Names and pages of any language: no stemmer mangles them, no stop word is lost ("The Who"). Ask for prefixes.
SEARCH_CONFIGURATION = "simple"


class FetchedPage(TenantModel):
    """What a URL answered the last time. Search it with the SQL function taskrunner_match_fetched_pages."""

    url = models.TextField(help_text="Canonical: the page's identity.")
    requested_url = models.TextField(help_text="As the last task named it.")
    title = models.TextField(blank=True, default="")
    author = models.TextField(blank=True, default="")
    published_at = models.DateTimeField(null=True, blank=True, help_text="Without an offset only the day is known.")
    published_offset = models.SmallIntegerField(
        null=True, blank=True, help_text="Minutes ahead of UTC, as the page says."
    )
    text = models.TextField(help_text="The readable part, or all of the page's text.")
    reader_mode = models.BooleanField(default=True, help_text="Whether `text` is the readable part only.")
    content_type = models.TextField(blank=True, default="")
    etag = models.TextField(blank=True, default="")
    last_modified = models.TextField(blank=True, default="", help_text="The header as it came, to be sent back.")
    size_bytes = models.IntegerField(help_text="Of the body, decompressed.")
    sha256 = models.CharField(max_length=64, help_text="Of the body, decompressed.")
    fetched_at = models.DateTimeField(help_text="When the server last sent or confirmed it.")
    search = models.GeneratedField(
        expression=SearchVector("title", weight="A", config=SEARCH_CONFIGURATION)
        + SearchVector(Left("text", SEARCHED_CHARACTERS), weight="B", config=SEARCH_CONFIGURATION),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        db_table = "taskrunner_fetched_pages"
        constraints = (
            models.UniqueConstraint(name="tr_fetched_page_once", fields=("tenant", "url")),
            models.CheckConstraint(name="tr_fetched_page_url_is_http", condition=Q(url__regex="^https?://")),
            models.CheckConstraint(
                name="tr_fetched_page_url_short", condition=LessThanOrEqual(Length("url"), MAX_URL_CHARACTERS)
            ),
            models.CheckConstraint(
                name="tr_fetched_page_title_short", condition=LessThanOrEqual(Length("title"), MAX_TITLE_CHARACTERS)
            ),
            models.CheckConstraint(
                name="tr_fetched_page_offset_has_time",
                condition=Q(published_offset=None)
                | Q(published_at__isnull=False, published_offset__gt=-1440, published_offset__lt=1440),
            ),
            models.CheckConstraint(name="tr_fetched_page_has_text", condition=~Q(text="")),
            models.CheckConstraint(name="tr_fetched_page_digest_format", condition=Q(sha256__regex="^[0-9a-f]{64}$")),
        )
        indexes = (
            GinIndex(name="tr_fetched_page_search", fields=("search",)),
            models.Index(name="tr_fetched_page_age", fields=("fetched_at",)),
        )

    @property
    def published(self) -> datetime | date | None:
        """When the page was published, as it says: a moment with its offset, or a day."""
        if self.published_at is None or self.published_offset is None:
            return self.published_at and self.published_at.astimezone(UTC).date()
        return self.published_at.astimezone(timezone(timedelta(minutes=self.published_offset)))

    @published.setter
    def published(self, found: datetime | date | None) -> None:
        if isinstance(found, datetime):
            self.published_at = found
            self.published_offset = (found.utcoffset() or timedelta()) // timedelta(minutes=1)
        else:
            self.published_at = datetime.combine(found, time.min, UTC) if found else None
            self.published_offset = None

    def __str__(self) -> str:
        return self.url
