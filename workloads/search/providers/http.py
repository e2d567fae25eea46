"""GET of a JSON object from a provider that the operator configured, wherever in the network that is.

No redirect is followed: it would take the key elsewhere.
"""

import json
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from typing import Any
from urllib.parse import urlencode

from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from queueapp.errors import PermanentFailure
from workloads import safe_http
from workloads.search.providers.base import ProviderError
from workloads.search.results import text_of

TIMEOUT_SECONDS = 15.0
MAX_BODY_BYTES = 2**20  # no tenant's limit of artifacts is lower
MAX_RETRY_AFTER_SECONDS = 3600.0
ANYWHERE = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))
TRANSIENT = (408, 425, 429)  # and all from 500 on


def get_json(url: str, parameters: Mapping[str, str], headers: Mapping[str, str]) -> tuple[dict[str, Any], bytes]:
    """The object and its bytes. Raises ProviderError for any other response, and after 15 s in all."""
    response = _get(f"{url}{'&' if '?' in url else '?'}{urlencode(parameters)}", headers)
    if response.status != 200:
        raise _refusal(response)
    try:
        value = json.loads(response.body)
    except (ValueError, RecursionError) as error:
        raise ProviderError("answered something that is not JSON") from error
    if not isinstance(value, dict):
        raise ProviderError("answered JSON that is not an object")
    return value, response.body


def _get(url: str, headers: Mapping[str, str]) -> safe_http.Response:
    sent = {"User-Agent": "taskrunner-search/1", "Accept": "application/json", **headers}
    try:
        return safe_http.get(
            safe_http.parse(url),
            headers=sent,
            allowed_networks=ANYWHERE,
            max_redirects=0,
            seconds=TIMEOUT_SECONDS,
            max_bytes=MAX_BODY_BYTES,
        )
    except (safe_http.Unreachable, PermanentFailure) as error:
        permanent = isinstance(error, PermanentFailure)
        reason = f"cannot be used ({error.code})" if permanent else f"no answer within {TIMEOUT_SECONDS:g} s"
        raise ProviderError(reason, permanent=permanent, detail=str(error)) from error


def _refusal(response: safe_http.Response) -> ProviderError:
    """The meaning of a response other than 200."""
    said = text_of(response.body[:2000].decode(errors="replace"), 200)
    transient = response.status in TRANSIENT or response.status >= 500
    wait = _retry_after(response.headers) if transient else None
    return ProviderError(f"answered {response.status}", retry_after_seconds=wait, permanent=not transient, detail=said)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """The wait asked for, at most an hour: Retry-After, else the first and nearest of Brave's X-RateLimit-Reset."""
    value = headers.get("retry-after") or headers.get("x-ratelimit-reset", "").split(",")[0]
    try:
        return min(Retry().parse_retry_after(value), MAX_RETRY_AFTER_SECONDS)
    except (InvalidHeader, ValueError, OverflowError):
        return None
