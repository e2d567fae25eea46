"""What schemathesis loads: names that exist in place of well-formed ones, so that requests come past the first check.

What is not well-formed stays as it was generated, and so does what schemathesis expects of it.
"""

import os
import re
from typing import Any
from urllib.parse import urlencode

import schemathesis
from schemathesis.specs.openapi import checks

# an address that has sent too many invalid keys in a minute is refused with 429, which lets nobody in either
checks.AUTH_REJECTION_STATUSES = frozenset({*checks.AUTH_REJECTION_STATUSES, 429})

IDS = {
    "task_id": os.environ["FUZZ_TASK_IDS"].split(","),
    "artifact_id": os.environ["FUZZ_ARTIFACT_IDS"].split(","),
}
LONGEST_ADDRESS = 3_900
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
KNOWN = {
    "tenant": (re.compile(r"[a-z0-9][a-z0-9-]{0,49}"), "acme"),
    "type": (re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*"), "echo"),
    "queue": (re.compile(r"[^\x00]{1,64}"), "default"),
    "name": (re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}"), "default"),
    "key": (re.compile(r"[a-zA-Z0-9_.]{3,64}"), "app.workers"),
}


@schemathesis.hook
def filter_case(context: schemathesis.HookContext, case: schemathesis.Case) -> bool:
    """Not what gunicorn itself refuses, with 414 and a page of its own."""
    return len(urlencode(dict(case.query or {}), doseq=True)) + len(case.formatted_path) < LONGEST_ADDRESS


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    for part in (case.path_parameters, case.query, case.body):
        if isinstance(part, dict):
            _know(part)
    if isinstance(case.body, dict) and isinstance(seconds := case.body.get("wait_seconds"), int | float):
        case.body["wait_seconds"] = 0 if 0 < seconds <= 30 and seconds is not True else seconds
    if "wait=" in (case.headers.get("Prefer") or ""):
        case.headers["Prefer"] = "wait=0"


def _know(part: dict[str, Any]) -> None:
    for name, (form, known) in KNOWN.items():
        if isinstance(part.get(name), str) and form.fullmatch(part[name]):
            part[name] = known
    for name, ids in IDS.items():
        if isinstance(part.get(name), str) and UUID.fullmatch(part[name]):
            part[name] = ids[int(part[name][0], 16) % len(ids)]
