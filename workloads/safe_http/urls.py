"""One parser of URLs: the parts that are checked are the parts that are dialled and sent."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import idna

from workloads.safe_http.errors import InvalidUrl

MAX_CHARACTERS = 2048
DEFAULT_PORTS = {"http": 80, "https": 443}
# Python's parser drops some of these silently, and a backslash is a slash to browsers only
NEVER_IN_A_URL = re.compile(r"[\x00-\x20\x7f\\]")
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # a last label like this makes resolvers read the name as an address
KEPT_IN_PATHS = "/%:@!$&'()*+,;=~"
KEPT_IN_QUERIES = KEPT_IN_PATHS + "?"


@dataclass(frozen=True, slots=True)
class Url:
    """`host` is ASCII, in lower case, without brackets or a final dot; path and query are percent-encoded."""

    scheme: str
    host: str
    port: int
    path: str
    query: str

    def __str__(self) -> str:
        return f"{self.origin}{self.target}"

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def target(self) -> str:
        """What the request line names."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def canonical(self) -> str:
        """The page's identity: without trailing slashes, the query sorted by name (values of one name keep order)."""
        pairs = sorted(filter(None, self.query.split("&")), key=lambda pair: pair.partition("=")[0])
        path = self.path.rstrip("/") or "/"
        return f"{self.origin}{path}{'?' if pairs else ''}{'&'.join(pairs)}"

    def follow(self, location: str) -> "Url":
        """The target of a redirect from here. Raises InvalidUrl, also for a step from https to http."""
        # the header is bytes that were read as Latin-1; what browsers would encode is encoded
        readable = quote(location.strip().encode("latin-1", "replace"), safe=KEPT_IN_QUERIES + "#[]\\")
        try:
            target = parse(urljoin(str(self), readable))
        except ValueError as error:  # of urljoin
            raise InvalidUrl(f"the redirect leads to an invalid URL: {error}") from None
        if self.scheme == "https" and target.scheme == "http":
            raise InvalidUrl(f"{self.origin} redirects to {target.origin}, from https to http")
        return target


def parse(text: str) -> Url:
    """Read an http or https URL. Raises InvalidUrl, saying why."""
    if len(text) > MAX_CHARACTERS:
        raise InvalidUrl(f"is longer than {MAX_CHARACTERS} characters")
    if NEVER_IN_A_URL.search(text):
        raise InvalidUrl("holds a space, a control character or a backslash; percent-encode them")
    try:
        parts = urlsplit(text)
        port = parts.port
        url = _url(parts, port)
    except (ValueError, UnicodeError) as error:  # of urlsplit, of idna, of quote
        raise InvalidUrl(f"is invalid: {error}") from None
    if len(str(url)) > MAX_CHARACTERS:
        raise InvalidUrl(f"is longer than {MAX_CHARACTERS} characters when percent-encoded")
    return url


def _url(parts: SplitResult, port: int | None) -> Url:
    if parts.scheme not in DEFAULT_PORTS:
        raise InvalidUrl("must begin with http:// or https://")
    if "@" in parts.netloc:
        raise InvalidUrl("must not hold a user name or password")
    if port == 0 or parts.netloc.endswith(":"):
        raise InvalidUrl("has no usable port")
    return Url(
        parts.scheme,
        _host(parts.netloc.removesuffix(f":{port}") if port else parts.netloc),
        port or DEFAULT_PORTS[parts.scheme],
        quote(parts.path, safe=KEPT_IN_PATHS) or "/",
        quote(parts.query, safe=KEPT_IN_QUERIES),
    )


def _host(name: str) -> str:
    if name.startswith("["):
        return _ipv6(name)
    host = (name if name.isascii() else idna.encode(name, uts46=True).decode()).lower().removesuffix(".")
    labels = host.split(".")
    if len(host) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        raise InvalidUrl("has no usable host name")
    if NUMBER.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(host))
        except AddressValueError:
            raise InvalidUrl("names an address in another form than 192.0.2.1") from None
    return host


def _ipv6(name: str) -> str:
    if not name.endswith("]"):
        raise InvalidUrl("has no usable host name")
    if "%" in name:
        raise InvalidUrl("names an address with a zone")
    return IPv6Address(name[1:-1]).compressed
