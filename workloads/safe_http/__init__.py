"""HTTP to addresses that tenants name: resolve once, refuse what is not public, connect to what was checked."""

from workloads.safe_http.client import Response, get
from workloads.safe_http.errors import (
    AddressNotAllowed,
    BodyTooLarge,
    InvalidUrl,
    TooManyRedirects,
    Unreachable,
    Unresolved,
    Unusable,
)
from workloads.safe_http.urls import Url, parse

__all__ = [
    "AddressNotAllowed",
    "BodyTooLarge",
    "InvalidUrl",
    "Response",
    "TooManyRedirects",
    "Unreachable",
    "Unresolved",
    "Unusable",
    "Url",
    "get",
    "parse",
]
