"""One GET, redirects included, within one deadline and one size; every hop is checked like the first."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPException

from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from workloads.safe_http import connections
from workloads.safe_http.addresses import Network, check
from workloads.safe_http.connections import Deadline, PlainConnection, TlsConnection
from workloads.safe_http.errors import BodyTooLarge, TooManyRedirects, Unreachable, Unusable
from workloads.safe_http.urls import Url

TOTAL_SECONDS = 20.0
MAX_BODY_BYTES = 25 * 2**20
MAX_REDIRECTS = 3
REDIRECTS = (301, 302, 303, 307, 308)
ENCODINGS = ("", "identity", "gzip", "x-gzip", "deflate")  # in which a body may come, one at a time
PIECE_BYTES = 65_536
FIXED_HEADERS = {
    "User-Agent": "taskrunner-fetch/1",
    "Accept-Encoding": "gzip, deflate",
    "Connection": "close",
}


@dataclass(frozen=True, slots=True)
class Response:
    """The response of the last hop; header names in lower case, the body decompressed."""

    url: Url
    status: int
    headers: Mapping[str, str]
    body: bytes


def get(
    url: Url,
    *,
    headers: Mapping[str, str] | None = None,
    allowed_networks: Sequence[Network] = (),
    check_hop: Callable[[Url], None] = lambda _: None,
    on_response: Callable[[Url, int], None] = lambda *_: None,
    max_redirects: int = MAX_REDIRECTS,
    seconds: float = TOTAL_SECONDS,
    max_bytes: int = MAX_BODY_BYTES,
) -> Response:
    """Get a URL from the addresses that its name has now, and from no others.

    `headers` go to the first origin alone. `check_hop` may refuse a hop by raising. Proxies of the environment are
    not used, cookies not kept. Raises the errors of errors.py: Unreachable where a retry may help.
    """
    deadline, origin = Deadline(seconds), url.origin
    for _ in range(max_redirects + 1):
        check_hop(url)
        own = (headers or {}) if url.origin == origin else {}
        with _exchange(url, {**FIXED_HEADERS, **own}, allowed_networks, deadline) as response:
            on_response(url, response.status)
            location = response.headers.get("location")
            if response.status not in REDIRECTS or not location:
                plain = {name.lower(): value for name, value in response.headers.items()}
                return Response(url, response.status, plain, _body(response, max_bytes))
        url = url.follow(location)
    raise TooManyRedirects(f"more than {max_redirects} redirects; the last led to {url}")


@contextmanager
def _exchange(
    url: Url, headers: Mapping[str, str], allowed_networks: Sequence[Network], deadline: Deadline
) -> Iterator[HTTPResponse]:
    """Send a request and yield the response, its body unread."""
    try:
        addresses = connections.resolve(url.host, deadline.left())
        for address in addresses:  # all of them: one public address does not vouch for the others
            check(url.host, address, url.port, allowed_networks)
        connection_class = TlsConnection if url.scheme == "https" else PlainConnection
        with closing(connection_class(url, addresses, deadline)) as connection:
            connection.request("GET", url.target, headers=headers, preload_content=False)
            with closing(connection.getresponse()) as response:
                yield response
    except (HTTPError, HTTPException, OSError) as error:
        raise Unreachable(f"{url.origin} gave no complete response: {error}") from error


def _body(response: HTTPResponse, max_bytes: int) -> bytes:
    """The body, decompressed piece by piece, so that a bomb is noticed before it fills the memory."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in ENCODINGS:
        raise Unusable(f"the body comes encoded as {encoding[:100]!r}; asked for was gzip or deflate")
    body = bytearray()
    if (response.length_remaining or 0) > max_bytes:
        raise _too_large(max_bytes)
    while piece := response.read(PIECE_BYTES):
        body += piece
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
    return bytes(body)


def _too_large(max_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"the body is larger than {max_bytes / 2**20:g} MB, decompressed")
