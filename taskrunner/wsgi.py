"""The WSGI application that gunicorn serves."""

import gc
import os
from contextlib import suppress
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import OperationalError, connection
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "taskrunner.settings")
django.setup(set_prefix=False)

from queueapp.tenancy.logins import refuse_unsafe_login  # noqa: E402 (its models need the settings)


class Request(WSGIRequest):
    """A Content-Type that Django cannot read counts as none, instead of ending the request as a server error."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]
        except (LookupError, ValueError):
            meta["CONTENT_TYPE"] = ""
            super()._set_content_type_params(meta)  # type: ignore[misc]


class Handler(WSGIHandler):
    request_class = Request


def examine_login() -> None:
    """Fail at boot rather than at the first request. A database that is away is no reason not to start."""
    with suppress(OperationalError):
        refuse_unsafe_login()
    connection.close()


examine_login()
application = Handler()
get_resolver().url_patterns  # noqa: B018 (loads every view)
gc.freeze()  # what is loaded by now stays: no collection need look at it again
gc.set_threshold(
    10_000
)  # a request makes some thousand objects: Python's 700 would look for garbage several times in each
