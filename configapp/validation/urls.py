"""Which addresses a URL key takes."""

import re
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

from configapp.validation.keys import Refused

_CHARACTERS = re.compile(r"[^\s\\<>\"{}|^`]+")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.IGNORECASE)
_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")


def check_url(text: str) -> str:
    """The address without the slashes at its end. Raises Refused(`invalid_url`)."""
    if not text.lower().startswith(("http://", "https://")):
        raise Refused("invalid_url", "must start with http:// or https://")
    if not _CHARACTERS.fullmatch(text) or _PERCENT.search(text):
        raise Refused("invalid_url", 'must hold no spaces and none of \\ < > " { } | ^ ` unencoded')
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise Refused("invalid_url", "must have a valid host and a port from 1 to 65535") from error
    if "@" in parts.netloc:
        raise Refused("invalid_url", "must hold no user name or password: they have secret keys of their own")
    if port == 0 or parts.netloc.endswith(":") or not _is_host(parts.hostname or "", parts.netloc.startswith("[")):
        raise Refused("invalid_url", "must have a valid host and a port from 1 to 65535")
    return text if parts.query or parts.fragment else text.rstrip("/")


def _is_host(host: str, bracketed: bool) -> bool:
    """A name (one label will do: `redis`), an IPv4 address, or an IPv6 address in brackets."""
    try:
        if bracketed:
            return bool(IPv6Address(host))
        ascii_host = host.encode("idna").decode()
        labels = ascii_host.removesuffix(".").split(".")
        if labels[-1].isdigit():  # nothing but addresses ends in digits
            return bool(IPv4Address(host))
    except ValueError:
        return False
    return len(ascii_host) <= 253 and all(_LABEL.fullmatch(label) for label in labels)
