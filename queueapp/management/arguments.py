"""What people type on a command line, turned into what the platform takes; errors say what to type instead."""

import json
from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from queueapp import conf
from queueapp.errors import QueueNotFound
from queueapp.models import Queue, Tenant
from queueapp.models.tenants import MAIN_TENANT_SLUG
from queueapp.type_patterns import type_pattern

DEMO = "demo"


def default_tenant() -> str:
    """The slug of the tenant that commands mean where none is named: the only one, or the one that `make up` makes."""
    return MAIN_TENANT_SLUG if conf.settings.isolation == "single" else DEMO


def task_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a task id; `manage.py tasks` lists them") from None


def parameter(text: str) -> tuple[str, Any]:
    """`key=value`; the value is JSON where it is valid JSON, else a string."""
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise ArgumentTypeError(f"{text!r} is not key=value")
    try:
        return key, json.loads(value, parse_constant=_no_json)
    except ValueError:
        return key, value


def document(text: str) -> dict[str, Any]:
    """A JSON object."""
    try:
        found = json.loads(text, parse_constant=_no_json)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ArgumentTypeError(f"{text!r:.100} is not a JSON object")
    return found


def whole_number(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isdecimal() and low <= int(text) <= high):
            raise ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high:,}")
        return int(text)

    return parse


def pattern(text: str) -> str:
    try:
        return type_pattern(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} {error}") from None


def patterns(text: str) -> tuple[str, ...]:
    """Comma-separated."""
    return tuple(pattern(each) for each in text.split(","))


def add_task_options(parser: CommandParser) -> None:
    """The options of a submission that say how its task is to run."""
    parser.add_argument("--queue")
    parser.add_argument("--priority", type=int, help="1–10, 10 the most urgent")
    parser.add_argument(
        "--requirements",
        action="append",
        type=parameter,
        metavar="key=value",
        help="a capability that its worker must have; may be given several times",
    )
    parser.add_argument("--expires", type=float, metavar="SECONDS", dest="expires_seconds", help="after it is due")
    parser.add_argument("--timeout", type=int, metavar="SECONDS", dest="timeout_seconds")
    parser.add_argument("--max-retries", type=int, help="tries after the first")
    parser.add_argument("--label", action="append", dest="labels", help="may be given several times")


def task_options(options: dict[str, Any]) -> dict[str, Any]:
    """Those that were given; the platform knows the defaults of the others."""
    names = ("queue", "priority", "expires_seconds", "timeout_seconds", "max_retries", "labels")
    given = {name: options[name] for name in names if options[name] is not None}
    if options["requirements"]:
        given["requirements"] = pairs(options["requirements"], "A requirement")
    return given


def pairs(given: list[tuple[str, Any]], what: str) -> dict[str, Any]:
    """Raises CommandError for a key that is given twice."""
    found = dict(given)
    if len(found) < len(given):
        raise CommandError(f"{what} is given twice.")
    return found


def find_tenant(slug: str | None) -> Tenant:
    """The named tenant, or the default one. Needs an operator's scope; raises CommandError where there is none."""
    default = default_tenant()
    tenant = Tenant.objects.filter(slug=slug or default).first()
    if tenant is None:
        known = ", ".join(Tenant.objects.values_list("slug", flat=True))
        what = (
            f"There is no tenant {slug!r}" if slug else f"Which tenant? There is no tenant {default!r} to fall back on"
        )
        raise CommandError(f"{what}: name one with --tenant; there are: {known}.")
    return tenant


def check_queue(name: str | None) -> None:
    """Raises QueueNotFound, so that a mistyped filter does not look like an empty queue."""
    if name and not Queue.objects.filter(name=name).exists():
        raise QueueNotFound(name, list(Queue.objects.values_list("name", flat=True)))


def _no_json(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
