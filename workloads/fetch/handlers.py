"""The fetch task: get the page or find it unchanged, read it, keep its text."""

import hashlib
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from queueapp import clock
from queueapp.errors import ArtifactTooLarge, PermanentFailure, RetryLater
from queueapp.handlers import handler
from queueapp.worker.context import TaskContext
from workloads.fetch.extraction import media_type, read
from workloads.fetch.models import FetchedPage
from workloads.fetch.page_cache import conditions, confirm_page, find_page, keep_page, validator
from workloads.fetch.params import FetchParams, check_url, result_key
from workloads.fetch.request import request
from workloads.log_events import tell
from workloads.safe_http import Answer, BodyTooLarge, Url, parse

REUSE_SECONDS = 300


class FetchResult(BaseModel):
    """What became of a fetch. `final_url` is what answered; size and digest are those of the body, decompressed."""

    artifact_ids: list[UUID]
    summary: str
    url: str
    canonical_url: str
    final_url: str
    title: str
    author: str
    published_at: datetime | None
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
    tell("fetch_started", task, url=url.canonical, reader_mode=params.reader_mode, store_raw_html=params.store_raw_html)
    try:
        return _fetch(task, params, url)
    except (PermanentFailure, RetryLater) as error:
        tell("fetch_failed", task, url=url.canonical, code=error.code, error=str(error))
        raise


def _fetch(task: TaskContext, params: FetchParams, url: Url) -> FetchResult:
    # unconditional where the body itself is wanted: a 304 brings none
    whole = params.force or params.store_raw_html
    known = None if whole else find_page(task.tenant, url.canonical, reader_mode=params.reader_mode)
    answer = request(url, conditions(known), task)
    if known is not None and answer.status == 304:
        page, unchanged = known, True
        confirm_page(page)
        tell("fetch_cached_hit", task, url=url.canonical)
    else:
        page, unchanged = _page_of(answer, params, url, task), False
        keep_page(page)
    ids = _attach(task, page, answer, raw=params.store_raw_html)
    task.log(f"{'unchanged' if unchanged else 'fetched'}: {answer.url}", characters=len(page.text))
    tell("fetch_completed", task, url=url.canonical, cached=unchanged)
    return _result(ids, page, params, answer, from_cache=unchanged)


def _page_of(answer: Answer, params: FetchParams, url: Url, task: TaskContext) -> FetchedPage:
    content_type, charset = media_type(answer.headers.get("content-type", ""))
    reading = read(answer.body, content_type, charset, reader_mode=params.reader_mode)
    tell("fetch_extraction_completed", task, url=url.canonical, characters=len(reading.text))
    return FetchedPage(
        tenant_id=task.tenant,
        url=url.canonical,
        requested_url=params.url,
        title=reading.title,
        author=reading.author,
        published_at=reading.published_at,
        text=reading.text,
        reader_mode=params.reader_mode,
        content_type=content_type,
        etag=validator(answer.headers, "etag"),
        last_modified=validator(answer.headers, "last-modified"),
        size_bytes=len(answer.body),
        sha256=hashlib.sha256(answer.body).hexdigest(),
        fetched_at=clock.now(),
    )


def _attach(task: TaskContext, page: FetchedPage, answer: Answer, *, raw: bool) -> list[UUID]:
    about = {"url": str(answer.url), "canonical_url": page.url}
    try:
        ids = [task.attach("fetch_text", _document(page, answer), content_type="text/plain", metadata=about)]
        if raw:
            ids.append(task.attach("fetch_html", answer.body, content_type=page.content_type, metadata=about))
    except ArtifactTooLarge as error:
        raise BodyTooLarge(str(error)) from error
    return ids


def _document(page: FetchedPage, answer: Answer) -> str:
    """The text, below what is known of it."""
    published = page.published_at.date().isoformat() if page.published_at else ""
    about = {"Title": page.title, "Author": page.author, "Published": published, "URL": str(answer.url)}
    lines = [f"{name}: {value}" for name, value in about.items() if value]
    return "\n".join([*lines, "", page.text])


def _result(
    ids: list[UUID], page: FetchedPage, params: FetchParams, answer: Answer, *, from_cache: bool
) -> FetchResult:
    return FetchResult(
        artifact_ids=ids,
        summary=f"{page.title or page.url}: {len(page.text)} characters{', unchanged' if from_cache else ''}",
        url=params.url,
        canonical_url=page.url,
        final_url=str(answer.url),
        title=page.title,
        author=page.author,
        published_at=page.published_at,
        content_type=page.content_type,
        size_bytes=page.size_bytes,
        sha256=page.sha256,
        from_cache=from_cache,
    )
