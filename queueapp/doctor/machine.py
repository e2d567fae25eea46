"""This process: Python and the environment."""

import platform
import sys
from collections.abc import Iterator

from django.conf import settings

from queueapp.doctor.finding import Finding, fault, ok, warning

OLDEST_PYTHON = (3, 11)
LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}


def check() -> Iterator[Finding]:
    yield _python()
    yield _environment()


def _python() -> Finding:
    if sys.version_info < OLDEST_PYTHON:
        return fault("Python", f"{platform.python_version()} is too old", fix="use Python 3.11 or later")
    return ok("Python", platform.python_version())


def _environment() -> Finding:
    """What is wrong in itself has been refused at start; this is about what is unwise."""
    if settings.DEBUG:
        return warning("environment", "DEBUG shows settings and code to visitors", fix="set DEBUG to False")
    if "*" in settings.ALLOWED_HOSTS:
        return warning("environment", "any Host header is accepted", fix="set ALLOWED_HOSTS to the names of this site")
    if not settings.SESSION_COOKIE_SECURE and not LOOPBACK.issuperset(settings.ALLOWED_HOSTS):
        return warning(
            "environment", "sessions may travel unencrypted", fix="set SESSION_COOKIE_SECURE (here: HTTPS_ONLY=true)"
        )
    return ok("environment", "complete")
