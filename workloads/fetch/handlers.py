"""The fetch task: get the page or find it unchanged, extract its text, keep it."""

import hashlib
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from queueapp import clock
from queueapp.errors import ArtifactTooLarge, PermanentFailure, RetryLater
from queueapp.handlers import handler
from queueapp.redaction import masked_text
from queueapp.worker.context import TaskContext
from workloads.fetch.extraction import extract, media_type
from workloads.fetch.models import FetchedPage
from workloads.fetch.page_cache import conditions, confirm_page, find_page, keep_page, validator
from workloads.fetch.params import FetchParams, check_url, result_key
from workloads.fetch.request import request_page
from workloads.log_events import log_event
from workloads.safe_http import BodyTooLarge, Response, Url, parse

REUSE_SECONDS = 300


class FetchResult(BaseModel):
    """The result of a fetch. `final_url` is the last hop; size and digest are those of the body, decompressed.

    `published_at` is a moment where the page says the time and its offset, else a day."""

    artifact_ids: list[UUID]
    summary: str
    url: str
    canonical_url: str
    final_url: str
    title: str
    author: str
    published_at: datetime | date | None
    content_type: str
    size_bytes: int
    sha256: str
    from_cache: bool


@handler(
    "fetch",
    params=FetchParams,
    validate=check_url,
    queue="fetch",
    timeout_seconds=60,
    max_retries=2,
    prefetch=False,
    result_key=result_key,
    result_ttl_seconds=REUSE_SECONDS,
)
def fetch(task: TaskContext, params: FetchParams) -> FetchResult:
    """Fetch a page and keep its readable text."""
    url = parse(params.url)
    log_event(
        "fetch_started", task, url=url.canonical, reader_mode=params.reader_mode, store_raw_html=params.store_raw_html
    )
    try:
        return _fetch(task, params, url)
    except (PermanentFailure, RetryLater) as error:
        log_event("fetch_failed", task, url=url.canonical, code=error.code, error=str(error))
        raise


def _fetch(task: TaskContext, params: FetchParams, url: Url) -> FetchResult:
    # unconditional where the body itself is wanted: a 304 brings none
    whole = params.force or params.store_raw_html
    known = None if whole else find_page(task.tenant, url.canonical, reader_mode=params.reader_mode)
    response = request_page(url, conditions(known), task)
    if known is not None and response.status == 304:
        page, unchanged = known, True
        confirm_page(page)
        log_event("fetch_cached_hit", task, url=url.canonical)
    else:
        page, unchanged = _page_of(response, params, url, task), False
        keep_page(page)
    ids = _attach(task, page, response, raw=params.store_raw_html)
    task.log(f"{'unchanged' if unchanged else 'fetched'}: {response.url}", characters=len(page.text))
    log_event("fetch_completed", task, url=url.canonical, cached=unchanged)
    return _result(ids, page, params, response, from_cache=unchanged)


def _page_of(response: Response, params: FetchParams, url: Url, task: TaskContext) -> FetchedPage:
    content_type, charset = media_type(response.headers.get("content-type", ""))
    extracted = extract(response.body, content_type, charset, reader_mode=params.reader_mode)
    log_event("fetch_extraction_completed", task, url=url.canonical, characters=len(extracted.text))
    page = FetchedPage(
        tenant_id=task.tenant,
        url=url.canonical,
        requested_url=params.url,
        title=extracted.title,
        author=extracted.author,
        text=extracted.text,
        reader_mode=params.reader_mode,
        content_type=content_type,
        etag=validator(response.headers, "etag"),
        last_modified=validator(response.headers, "last-modified"),
        size_bytes=len(response.body),
        sha256=hashlib.sha256(response.body).hexdigest(),
        fetched_at=clock.now(),
    )
    page.published = extracted.published
    return page


def _attach(task: TaskContext, page: FetchedPage, response: Response, *, raw: bool) -> list[UUID]:
    about = {"url": str(response.url), "canonical_url": page.url}
    try:
        ids = [task.attach("fetch_text", _document(page, response), content_type="text/plain", metadata=about)]
        if raw:
            ids.append(task.attach("fetch_html", response.body, content_type=page.content_type, metadata=about))
    except ArtifactTooLarge as error:
        raise BodyTooLarge(str(error)) from error
    return ids


def _document(page: FetchedPage, response: Response) -> str:
    """The text, below the metadata."""
    published = page.published.isoformat() if page.published else ""
    about = {"Title": page.title, "Author": page.author, "Published": published, "URL": masked_text(str(response.url))}
    lines = [f"{name}: {value}" for name, value in about.items() if value]
    return "\n".join([*lines, "", page.text])


def _result(
    ids: list[UUID], page: FetchedPage, params: FetchParams, response: Response, *, from_cache: bool
) -> FetchResult:
    return FetchResult(
        artifact_ids=ids,
        summary=f"{page.title or page.url}: {len(page.text)} characters{', unchanged' if from_cache else ''}",
        url=params.url,
        canonical_url=page.url,
        final_url=str(response.url),
        title=page.title,
        author=page.author,
        published_at=page.published,
        content_type=page.content_type,
        size_bytes=page.size_bytes,
        sha256=page.sha256,
        from_cache=from_cache,
    )
