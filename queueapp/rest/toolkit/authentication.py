"""`Authorization: Bearer <key>`, and nothing else: cookies and sessions never open the API."""

import math
from typing import NoReturn

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from queueapp.apikeys import authenticate_key
from queueapp.apikeys.key_format import prefix_of
from queueapp.limits import rate_limiter
from queueapp.rest.toolkit.errors import RateLimited, Unauthenticated
from queueapp.rest.toolkit.permissions import Principal, principal_of
from queueapp.rest.toolkit.security_events import record_failed_authentication

FAILURES_PER_MINUTE = 100

WITHOUT_KEY = "Send an API key: `Authorization: Bearer <key>`. `manage.py createapikey` makes one."
WITH_A_BAD_KEY = "This API key is not valid: it is mistyped, unknown, expired or revoked."


class ApiKeyAuthentication(BaseAuthentication):
    """Sets request.user and request.auth to the Principal."""

    def authenticate(self, request: Request) -> tuple[Principal, Principal]:
        """Raises Unauthenticated; RateLimited for an address that has failed too often in the last minute.

        A valid key always passes, so nobody can lock out others who share the address.
        """
        scheme, _, key = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise Unauthenticated(WITHOUT_KEY)
        known = authenticate_key(key.strip())
        if known is None:
            refuse(request._request, key.strip())
        principal = principal_of(known)
        return principal, principal

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="taskrunner"'


def refuse(request: HttpRequest, key: str) -> NoReturn:
    """Count, record, and raise."""
    address = request.META.get("REMOTE_ADDR", "")
    allowance = rate_limiter.take(f"failed_authentication:{address}", FAILURES_PER_MINUTE)
    if not allowance.granted:
        raise RateLimited(
            "Too many requests with invalid keys came from this address.",
            headers={"Retry-After": str(max(1, math.ceil(allowance.reset_seconds)))},
        )
    record_failed_authentication(address, prefix_of(key), request.path)
    raise Unauthenticated(WITH_A_BAD_KEY)
