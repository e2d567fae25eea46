"""What schemathesis loads: names that exist in place of well-formed ones, so that requests come past the first check.

What is not well-formed stays as it was generated, and so does what schemathesis expects of it.
"""

import os
import re
from typing import Any

import schemathesis

TASK_IDS = os.environ["FUZZ_TASK_IDS"].split(",")
KNOWN = {
    "tenant": (re.compile(r"[a-z0-9][a-z0-9-]{0,49}"), "acme"),
    "type": (re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*"), "echo"),
    "queue": (re.compile(r"[^\x00]{1,64}"), "default"),
    "name": (re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}"), "default"),
}


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    task_id = case.path_parameters.get("task_id")
    if isinstance(task_id, str) and len(task_id) == 36:
        case.path_parameters["task_id"] = TASK_IDS[int(task_id[0], 16) % len(TASK_IDS)]
    for part in (case.path_parameters, case.query, case.body):
        if isinstance(part, dict):
            _know(part)
    if isinstance(case.body, dict) and isinstance(case.body.get("wait_seconds"), int | float):
        case.body["wait_seconds"] = min(case.body["wait_seconds"], 0)  # not longer than needed, but as bad as it was
    if "wait=" in (case.headers.get("Prefer") or ""):
        case.headers["Prefer"] = "wait=0"


def _know(part: dict[str, Any]) -> None:
    for name, (form, known) in KNOWN.items():
        if isinstance(part.get(name), str) and form.fullmatch(part[name]):
            part[name] = known
