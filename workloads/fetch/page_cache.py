"""The pages a tenant fetched before: for conditional requests, for the answer to a 304, and until they are too old."""

import re
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from queueapp import clock
from queueapp.hooks import JobResult, maintenance_job
from queueapp.tenancy import tenant_scope
from workloads.fetch.models import FetchedPage
from workloads.fetch.settings import settings

BATCH = 1_000  # pages deleted at a time
VALIDATOR = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,999}")  # what may be sent back in a header
KEY = ("tenant", "url")
REPLACED = tuple(
    field.name for field in FetchedPage._meta.concrete_fields if field.name not in (*KEY, "id") and not field.generated
)


def find_page(tenant_id: UUID, url: str, *, reader_mode: bool) -> FetchedPage | None:
    """The page of this canonical URL, read in the same way; None if it allows no conditional request."""
    with tenant_scope(tenant_id):
        pages = FetchedPage.objects.filter(tenant_id=tenant_id, url=url, reader_mode=reader_mode)
        page = pages.defer("search").first()
    return page if page is not None and (page.etag or page.last_modified) else None


def conditions(page: FetchedPage | None) -> dict[str, str]:
    """The headers that ask for the page only if it has changed since."""
    validators = {"If-None-Match": page.etag, "If-Modified-Since": page.last_modified} if page else {}
    return {name: value for name, value in validators.items() if value}


def validator(headers: Mapping[str, str], name: str) -> str:
    """A header that a conditional request can repeat; empty if it is missing or cannot be sent back."""
    value = headers.get(name, "").strip()
    return value if VALIDATOR.fullmatch(value) else ""


def keep_page(page: FetchedPage) -> None:
    """Store a page, in the place of what the tenant had of this URL."""
    with tenant_scope(page.tenant_id):
        FetchedPage.objects.bulk_create([page], update_conflicts=True, unique_fields=KEY, update_fields=REPLACED)


def confirm_page(page: FetchedPage) -> None:
    """The server says that the page is still the same."""
    with tenant_scope(page.tenant_id):
        FetchedPage.objects.filter(tenant_id=page.tenant_id, id=page.id).update(fetched_at=clock.now())


@maintenance_job("fetched_pages_pruned", every_seconds=60)
def prune_pages() -> JobResult:
    """Delete what no server has sent or confirmed for PAGES_RETENTION_DAYS, of all tenants."""
    if not settings.pages_retention_days:
        return JobResult(0)
    oldest = clock.now() - timedelta(days=settings.pages_retention_days)
    old = FetchedPage.objects.filter(fetched_at__lt=oldest).order_by("fetched_at")
    # read first: a page that is confirmed meanwhile no longer matches and stays
    ids = list(old.values_list("id", flat=True)[:BATCH])
    deleted = FetchedPage.objects.filter(id__in=ids, fetched_at__lt=oldest).delete()[0]
    return JobResult(deleted, more=len(ids) == BATCH)
