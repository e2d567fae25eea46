"""The WSGI application that gunicorn serves."""

import gc
import logging
import os
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import OperationalError, connection
from django.urls import get_resolver
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "taskrunner.settings")
django.setup(set_prefix=False)

# their models need the settings
from queueapp.startup import log_database, log_startup  # noqa: E402
from queueapp.tenancy.logins import refuse_unsafe_login  # noqa: E402

logger = logging.getLogger(__name__)


class Request(WSGIRequest):
    """Addresses and forms are UTF-8, and a Content-Type that Django cannot read counts as none.

    Django would decode by the charset that Content-Type names, which may be any codec of Python: `rot13` is none of
    text, and `utf-7` makes text that PostgreSQL cannot keep. Either would end the request as a server error.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except (LookupError, ValueError):
            meta["CONTENT_TYPE"] = ""
            self.content_type, self.content_params = "", {}


class Handler(WSGIHandler):
    request_class = Request


def examine_login() -> None:
    """Fail at boot rather than at the first request. A database that is away is no reason not to start."""
    try:
        refuse_unsafe_login()
        log_database()
    except OperationalError as error:
        logger.warning("database away", extra={"event": "db_connection_failed", "error": str(error).strip()})
    connection.close()


examine_login()
application = Handler()
get_resolver().url_patterns  # noqa: B018 (loads every view)
gc.freeze()  # what is loaded by now stays: no collection need look at it again
gc.set_threshold(
    10_000
)  # a request makes some thousand objects: Python's 700 would look for garbage several times in each
log_startup("api_startup", "ready")
