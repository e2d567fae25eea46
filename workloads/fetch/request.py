"""The request for the page, within the tenant's limits; every refusal becomes a failure or a later retry."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from queueapp import clock
from queueapp.errors import PermanentFailure, RetryLater
from queueapp.retry_policy import retry_delay_seconds
from queueapp.worker.context import TaskContext
from workloads.fetch.extraction import ACCEPT
from workloads.fetch.limits import FetchLimits
from workloads.fetch.params import check_host
from workloads.fetch.settings import settings
from workloads.safe_http import Response, Unreachable, Unresolved, Url, get
from workloads.safe_http.addresses import not_public
from workloads.safe_http.client import MAX_BODY_BYTES

logger = logging.getLogger(__name__)

RETRY_BASE_SECONDS = 5.0
MAX_RETRY_AFTER_SECONDS = 3600.0  # a server may ask for more; a task does not wait for it
TRANSIENT = (408, 425, 429)  # and every 5xx


class HttpStatus(PermanentFailure):
    """The server's response is not a page, and a retry would not bring one."""

    code = "fetch_http_status"


class FetchUnavailable(RetryLater):
    """No response, or one that asks to come back later."""

    code = "fetch_unavailable"


def request_page(url: Url, conditions: Mapping[str, str], task: TaskContext) -> Response:
    """The page, or 304 if it meets the conditions. Raises FetchUnavailable, HttpStatus, and the errors of safe_http."""
    limits = FetchLimits.of(task.tenant)

    def log_hop(hop: Url, status: int) -> None:
        about = {"task_id": str(task.id), "url": str(hop), "status": status}
        logger.info("fetch http request", extra={"event": "fetch_http_request", **about})

    try:
        response = get(
            url,
            headers={"Accept": ACCEPT, **conditions},
            allowed_networks=settings.allowed_networks,
            check_hop=lambda hop: check_host(hop, limits.fetch_domain_allowlist),
            on_response=log_hop,
            max_bytes=min(MAX_BODY_BYTES, limits.task_max_artifact_bytes),
        )
    except Unresolved as error:
        raise not_public(error.host) from error
    except Unreachable as error:
        raise FetchUnavailable(
            retry_delay_seconds(task.attempt, base_seconds=RETRY_BASE_SECONDS), str(error)
        ) from error
    _check_status(response, task.attempt, conditional=bool(conditions))
    return response


def _check_status(response: Response, attempt: int, *, conditional: bool) -> None:
    status, reason = response.status, f"{response.url} answered {response.status}"
    if 200 <= status < 300 or (status == 304 and conditional):
        return
    if status in TRANSIENT or status >= 500:
        seconds = retry_after_seconds(response.headers.get("retry-after", ""))
        if seconds is None:
            seconds = retry_delay_seconds(attempt, base_seconds=RETRY_BASE_SECONDS)
        raise FetchUnavailable(seconds, reason)
    raise HttpStatus(reason)


def retry_after_seconds(header: str) -> float | None:
    """The wait that a Retry-After header asks for, at most an hour; None for an unreadable one."""
    try:
        seconds = float(int(header)) if header.isdecimal() else _seconds_until(parsedate_to_datetime(header))
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)


def _seconds_until(moment: datetime) -> float:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - clock.now()).total_seconds()
