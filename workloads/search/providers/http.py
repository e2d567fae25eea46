"""GET of a JSON object from a provider that the operator configured.

Bounded in time and size; no redirect is followed, which would take the key elsewhere, and no proxy is used.
"""

import json
import logging
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode, urlsplit

from urllib3 import HTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util import Retry

from workloads.search.hits import text_of
from workloads.search.providers.port import ProviderError

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 15.0
MAX_BODY_BYTES = 2**20  # no tenant's limit of artifacts is lower
MAX_RETRY_AFTER_SECONDS = 3600.0


def get_json(url: str, parameters: Mapping[str, str], headers: Mapping[str, str]) -> tuple[dict[str, Any], bytes]:
    """The object and its bytes. Raises ProviderError for any other answer, and after 15 s in all."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    connection = (HTTPSConnection if secure else HTTPConnection)(
        parts.hostname or "", parts.port or (443 if secure else 80), timeout=TIMEOUT_SECONDS
    )
    query = "&".join(filter(None, [parts.query, urlencode(parameters)]))
    try:
        status, response_headers, body = _exchange(connection, f"{parts.path or '/'}?{query}", headers)
    except (HTTPError, OSError) as error:
        raise ProviderError(f"no answer within {TIMEOUT_SECONDS:g} s ({type(error).__name__})") from error
    finally:
        connection.close()
    if status != 200:
        raise _refusal(status, response_headers, body)
    return _object(body), body


def _exchange(
    connection: HTTPConnection, target: str, headers: Mapping[str, str]
) -> tuple[int, Mapping[str, str], bytes]:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    connection.connect()
    # The connection's own time-out starts anew with every byte; hanging up ends also what drips.
    hang_up = threading.Timer(max(0.0, deadline - time.monotonic()), _hang_up, [connection.sock])
    hang_up.start()
    try:
        wanted = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "taskrunner", **headers}
        connection.request("GET", target, headers=wanted, preload_content=False)
        response: HTTPResponse = connection.getresponse()
        # one byte more than allowed, decompressed, tells that it is too long
        body = response.read(MAX_BODY_BYTES + 1, decode_content=True)
        if time.monotonic() >= deadline:
            raise TimeoutError  # what was cut off may look complete
        return response.status, response.headers, body
    finally:
        hang_up.cancel()


def _hang_up(line: socket.socket) -> None:
    with suppress(OSError):  # the other side was faster
        # not through a TLS socket's own shutdown, which is not for two threads
        socket.socket.shutdown(line, socket.SHUT_RDWR)


def _refusal(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """What an answer other than 200 means; the provider's own words go to the log only."""
    said = text_of(body[:2000].decode(errors="replace"), 200)
    logger.warning("provider refused", extra={"event": "search_provider_error", "status": status, "said": said})
    transient = status in (408, 425, 429) or status >= 500
    return ProviderError(
        f"answered {status}", retry_after_seconds=_retry_after(headers) if transient else None, permanent=not transient
    )


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """The wait asked for, at most an hour: Retry-After, else the first and nearest of Brave's X-RateLimit-Reset."""
    value = headers.get("Retry-After") or headers.get("X-RateLimit-Reset", "").split(",")[0]
    try:
        return min(Retry().parse_retry_after(value), MAX_RETRY_AFTER_SECONDS)
    except (InvalidHeader, ValueError, OverflowError):
        return None


def _object(body: bytes) -> dict[str, Any]:
    if len(body) > MAX_BODY_BYTES:
        raise ProviderError(f"answered more than {MAX_BODY_BYTES} bytes")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ProviderError("answered something that is not JSON") from error
    if not isinstance(value, dict):
        raise ProviderError("answered JSON that is no object")
    return value
