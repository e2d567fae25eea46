"""Signing in: throttled by user name and by address, its failures on record. The console and the admin share it."""

import hashlib
import math
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from queueapp.console import page_events
from queueapp.limits import rate_limiter
from queueapp.limits.rate_limiter import Allowance

WINDOW_SECONDS = 300
FAILURES_OF_NAME = 10
FAILURES_OF_ADDRESS = 100


class ThrottledForm(AuthenticationForm):
    """Django's form. A name or an address that has failed too often must wait, with the right password too.

    An attempt counts from its beginning and is given back when it succeeds, so that many at once gain nothing. While
    Redis is away, each process counts by itself.
    """

    request: HttpRequest
    wait_seconds = 0  # where this attempt was refused unread: how long until the next may succeed

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        name = self.cleaned_data.get("username")
        if not name or not self.cleaned_data.get("password"):
            return super().clean()
        attempts = self._begin(name)
        try:
            cleaned = super().clean()
        except ValidationError:
            self._record("failed_authentication", name)
            raise
        for attempt in attempts:
            rate_limiter.give_back(attempt)
        return cleaned

    def _begin(self, name: str) -> list[Allowance]:
        """Count an attempt of the address and of the name. Raises ValidationError where either is used up."""
        # hashed, since some type their password here
        digest = hashlib.sha256(name.encode()).hexdigest()
        limits = {
            f"login:address:{self.request.META.get('REMOTE_ADDR', '')}": FAILURES_OF_ADDRESS,
            f"login:name:{digest}": FAILURES_OF_NAME,
        }
        granted: list[Allowance] = []
        for key, limit in limits.items():
            allowance = rate_limiter.take(key, limit, WINDOW_SECONDS)
            if not allowance.granted:
                self.wait_seconds = max(1, math.ceil(allowance.reset_seconds))
                self._record("rate_limit_exceeded", name)
                raise ValidationError(
                    f"Too many attempts have failed. Try again in {self.wait_seconds} s.", "throttled"
                )
            granted.append(allowance)
        return granted

    def _record(self, event: str, name: str) -> None:
        """With the name only where there is such a user: it may be a password typed into the wrong field."""
        users = get_user_model()
        known = users._default_manager.filter(**{users.USERNAME_FIELD: name}).exists()
        page_events.record(self.request, event, tried=name if known else None)
