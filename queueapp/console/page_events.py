"""What people were refused on pages, kept as security events."""

import logging
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import Error
from django.http import HttpRequest

from queueapp.rest.toolkit.security_events import record_sparingly

logger = logging.getLogger(__name__)


def record(request: HttpRequest, event: str, **detail: Any) -> None:
    """Note who was refused what, at most 60 times a minute for each person or address, then in summaries.

    A person who may use the admin is told by name, everybody else by address. The page that refuses is shown whether
    the database takes the event or not.
    """
    address = request.META.get("REMOTE_ADDR", "")
    try:
        user = getattr(request, "user", None) or AnonymousUser()
        name = user.get_username() or None
        actor = f"operator:{name}" if user.is_staff else f"unknown:{address}"
        what = {"method": request.method, "path": request.path[:200], **detail}
        record_sparingly(event, actor, actor, {"address": address, "user": name}, what)
    except Error as error:
        logger.error("security event not stored", extra={"event": "db_connection_failed", "error": str(error)})
