"""The parts of the description that many operations share: errors, header fields, path parameters, the key."""

from collections.abc import Mapping
from typing import Any

ERRORS: dict[int, str] = {
    400: "Bad input: `invalid_request`, `malformed_json`, `invalid_value`, `task_rejected_invalid_params`; `errors` "
    "names the fields.",
    401: "`unauthenticated`: no key, or an invalid one.",
    403: "`forbidden`: the key's role or scopes do not include the right.",
    404: "`not_found`: no such thing that this key may see; foreign and unknown ids look the same.",
    405: "`method_not_allowed`: an invalid id can make another address of this one.",
    409: "The state forbids it: `wrong_state`, `duplicate_task`, `lease_lost`, `task_runtime_exceeded` or "
    "`declared_by_code`.",
    410: "`artifact_lost`: the store has lost the object.",
    411: "`length_required`: a chunked body.",
    412: "`precondition_failed`: it is not at a version of `If-Match`, or at one of `If-None-Match`.",
    413: "`body_too_large`, or `artifact_size_exceeded`.",
    415: "`unsupported_media_type`: not JSON, or compressed.",
    416: "`range_not_satisfiable`: the artifact is shorter.",
    422: "`idempotency_key_reused`: the key belongs to another request.",
    429: "`rate_limit_exceeded`: by the tenant's submissions, or by requests with bad keys from one address.",
    500: "`internal_error`: our fault.",
    503: "`busy`, `database_unavailable` or `artifact_store_unavailable`: try again.",
}
ALWAYS = (400, 401, 403, 429, 500, 503)
WITH_BODY = (411, 413, 415)
UNSAFE = (412,)  # of methods that change something
RETRY_LATER = (429, 503)

REQUEST_HEADERS: dict[str, dict[str, Any]] = {
    "Idempotency-Key": {
        "description": "The same key and body are carried out once, and answered the same for 24 hours.",
        "schema": {"type": "string", "pattern": "^[\\x21-\\x7e][\\x20-\\x7e]{0,254}$", "maxLength": 255},
    },
    "Prefer": {
        "description": "`wait=N`: answer when the task has ended, at the latest after N (30) seconds.",
        "schema": {"type": "string"},
        "example": "wait=10",
    },
    "Range": {
        "description": "One range of bytes.",
        "schema": {"type": "string"},
        "example": "bytes=0-99",
    },
    "If-Match": {
        "description": "Change it only if this is its ETag, or one of these.",
        "schema": {"type": "string"},
    },
    "If-None-Match": {
        "description": "If this is its ETag, or one of these, answer a GET with 304, and change nothing.",
        "schema": {"type": "string"},
    },
}
RESPONSE_HEADERS: dict[str, str] = {
    "Content-Disposition": "`attachment`, with a file name.",
    "Content-Range": "Which bytes these are.",
    "ETag": "Changes whenever what is answered does.",
    "Idempotent-Replayed": "`true` where the request had been carried out before.",
    "Location": "The address of what was made.",
    "Preference-Applied": "The wait that was granted.",
    "RateLimit": "What is left of the tenant's submissions.",
    "RateLimit-Policy": "How many submissions in how many seconds.",
    "Retry-After": "Seconds to wait before the next try.",
}
# What the converters of addresses take; a resource may say more of its parameters by name.
CONVERTERS: dict[str, dict[str, Any]] = {
    "uuid": {"schema": {"type": "string", "format": "uuid"}, "example": "00000000-0000-7000-8000-000000000000"},
    "slug": {"schema": {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"}},
}
TENANT = {
    "name": "tenant",
    "in": "query",
    "description": "For admin keys: act for this tenant (its slug).",
    "schema": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,49}$"},
}


def components() -> dict[str, Any]:
    """All but the schemas."""
    return {
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key."}},
        "parameters": {
            "tenant": TENANT,
            **{name: {"name": name, "in": "header", **header} for name, header in REQUEST_HEADERS.items()},
        },
        "headers": {
            name: {"description": description, "schema": {"type": "string"}}
            for name, description in RESPONSE_HEADERS.items()
        },
        "responses": {str(status): _error(status) for status in ERRORS},
    }


def reference(kind: str, name: str | int) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}


def path_parameter(converter: str, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """A part of an address, from its converter and from what its resource says of it."""
    known = CONVERTERS.get(converter, {})
    schema = {**known.get("schema", {}), **given.get("schema", {})}
    return {"name": name, "in": "path", "required": True, **known, **given, "schema": schema}


def _error(status: int) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": ERRORS[status],
        "content": {"application/problem+json": {"schema": reference("schemas", "Problem")}},
    }
    if status in RETRY_LATER:
        response["headers"] = {"Retry-After": reference("headers", "Retry-After")}
    return response
