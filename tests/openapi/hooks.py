"""What schemathesis loads: names that exist in place of well-formed ones, so that requests come past the first check.

What is not well-formed stays as it was generated, and so does what schemathesis expects of it.
"""

import os
import re
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import schemathesis
from schemathesis.specs.openapi import checks

# an address that has sent too many invalid keys in a minute is refused with 429, which lets nobody in either
checks.AUTH_REJECTION_STATUSES = frozenset({*checks.AUTH_REJECTION_STATUSES, 429})

IDS = {
    "task_id": os.environ["FUZZ_TASK_IDS"].split(","),
    "artifact_id": os.environ["FUZZ_ARTIFACT_IDS"].split(","),
    "schedule_id": os.environ["FUZZ_SCHEDULE_IDS"].split(","),
}
LONGEST_ADDRESS = 3_900
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
KNOWN = {
    "tenant": (re.compile(r"[a-z0-9][a-z0-9-]{0,49}"), "acme"),
    "type": (re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*"), "echo"),
    "queue": (re.compile(r"[^\x00]{1,64}"), "default"),
    "name": (re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}"), "default"),
    "cron": (re.compile(r"[^\x00]{1,200}"), "0 3 * * *"),
    "timezone": (re.compile(r"[^\x00]{1,64}"), "Europe/Berlin"),
    "key": (re.compile(r"[a-zA-Z0-9_.]{3,64}"), "app.workers"),
}

BEYOND_SCHEMAS = {
    # of JSON itself, wherever any value may stand
    *("nul_character", "lone_surrogate", "too_deep", "number_too_large"),
    # what time it is
    *("time_out_of_range", "in_the_past", "expires_before_due"),
    # how two numbers compare
    "more_than_are_tried",
    # what there is now
    *("taken", "too_many_schedules"),
    *("type_registered", "unknown_version", "unknown_tenant", "unknown_queue", "unknown_type"),
    # what a tenant may do
    *("type_not_allowed", "search_source_not_allowed", "search_source_not_configured", "fetch_domain_not_allowed"),
    *("above_limit", "batch_size_exceeded"),
    # what a value means; of a configuration key it depends on the key
    *("invalid_url", "number_of_words", "config_change_refused", "masked_value"),
}


@schemathesis.hook
def filter_case(context: schemathesis.HookContext, case: schemathesis.Case) -> bool:
    """Not what gunicorn itself refuses, with 414 and a page of its own."""
    return len(urlencode(dict(case.query or {}), doseq=True)) + len(case.formatted_path) < LONGEST_ADDRESS


@schemathesis.check
def what_fits_the_schema_is_taken(
    context: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> bool | None:
    """But for what no schema can say."""
    if response.status_code != 400 or case.meta is None or not case.meta.generation.mode.is_positive:
        return None
    problem = response.json()
    codes = {error["code"] for error in problem.get("errors", [])} or {problem["code"]}
    assert codes <= BEYOND_SCHEMAS or problem["code"] in BEYOND_SCHEMAS, (
        f"fits the schema and was refused: {response.text}"
    )
    return None


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    items = case.body if isinstance(case.body, list) else []
    for part in (case.path_parameters, case.query, case.body, *items):
        if isinstance(part, dict):
            _know(part)
            for each in part["tasks"] if isinstance(part.get("tasks"), list) else ():
                if isinstance(each, dict):
                    _know(each)
    if isinstance(case.query, dict) and {"status", "state"} <= case.query.keys():
        del case.query["state"]  # of two parameters no description can say that one excludes the other
    if isinstance(case.body, dict) and isinstance(seconds := case.body.get("wait_seconds"), int | float):
        case.body["wait_seconds"] = 0 if 0 < seconds <= 30 and seconds is not True else seconds
    if case.headers.get("Idempotency-Key"):
        case.headers["Idempotency-Key"] = str(uuid4())  # of an earlier request it would come no further
    if case.headers.get("If-Match"):
        case.headers["If-Match"] = "*"
    if "wait=" in (case.headers.get("Prefer") or ""):
        case.headers["Prefer"] = "wait=0"


def _know(part: dict[str, Any]) -> None:
    for name, (form, known) in KNOWN.items():
        if isinstance(part.get(name), str) and form.fullmatch(part[name]):
            part[name] = known
    for name, ids in IDS.items():
        if isinstance(part.get(name), str) and UUID.fullmatch(part[name]):
            part[name] = ids[int(part[name][0], 16) % len(ids)]
