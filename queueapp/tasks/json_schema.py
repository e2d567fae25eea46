"""JSON Schemas that tenants declare for parameters: which are accepted, and what parameters they refuse.

A schema is code that others send us to run, so it fetches nothing, its patterns take linear time, and the work of
one look at it is bounded.
"""

import json
from typing import Any

from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError

from queueapp.errors import FieldError

MAX_SCHEMA_BYTES = 32_768
MAX_SCHEMA_DEPTH = 32
MAX_SCHEMA_NODES = 1_000
MAX_PATTERN_BYTES = 50_000  # compiled; larger ones take seconds over a long string
MAX_WORK = 250_000  # bytes of schema × bytes of parameters; beyond, collecting every error takes too long
MAX_ERRORS = 20
MAX_MESSAGE_CHARACTERS = 300
UNSUPPORTED = ("$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "$vocabulary")


def schema_fault(schema: dict[str, Any]) -> str | None:
    """Why a schema cannot be declared, in words that name the limit; None for a good one."""
    if (size := len(json.dumps(schema))) > MAX_SCHEMA_BYTES:
        return f"takes {size} bytes as JSON; at most {MAX_SCHEMA_BYTES} are allowed"
    if schema.get("type") != "object":
        return 'must say "type": "object" at its top, since parameters are an object'
    try:
        _count_nodes(schema, schema)
        _validator(schema)
    except RecursionError:
        return f"refers to itself or is nested deeper than {MAX_SCHEMA_DEPTH} levels, references followed"
    except ValidationError as error:
        place = "/".join(str(step) for step in error.instance_path)
        hint = "; patterns know no look-around and no back-references, and maxLength limits lengths"
        return f"is wrong at {place or 'its top'}: {_short(error.message)}{hint if place.endswith('pattern') else ''}"
    except ValueError as error:
        return str(error)
    return None


def params_errors(schema: dict[str, Any], params: Any, path: str) -> list[FieldError]:
    """What a declared schema finds wrong with parameters: all of it, or the first where there is much to check."""
    validator = _validator(schema, mask="the value")  # not repeated: it may be a secret
    if validator.is_valid(params):
        return []
    if len(json.dumps(schema)) * len(json.dumps(params)) <= MAX_WORK:
        found = list(validator.iter_errors(params))[:MAX_ERRORS]
    else:
        found = [_first_error(validator, params)]
    return [
        FieldError(".".join([path, *map(str, error.instance_path)]), error.kind.name, _short(error.message))
        for error in found
    ]


def _first_error(validator: Draft202012Validator, params: Any) -> ValidationError:
    try:
        validator.validate(params)
    except ValidationError as error:
        return error
    raise AssertionError("validate() accepts what is_valid() refuses")


def _validator(schema: dict[str, Any], mask: str | None = None) -> Draft202012Validator:
    # made again each time: it takes about ten microseconds
    patterns = RegexOptions(size_limit=MAX_PATTERN_BYTES)
    return Draft202012Validator(schema, offline=True, pattern_options=patterns, mask=mask)


def _count_nodes(node: Any, root: dict[str, Any], depth: int = 1, nodes: int = 0) -> int:
    """How many nodes a validator may walk, with every reference followed: a few references can double each other.

    Raises RecursionError for what is too deep, ValueError for what is too much or not supported.
    """
    nodes += 1
    if nodes > MAX_SCHEMA_NODES:
        raise ValueError(f"has more than {MAX_SCHEMA_NODES} parts, references followed")
    if depth > MAX_SCHEMA_DEPTH:
        raise RecursionError
    if isinstance(node, list):
        for item in node:
            nodes = _count_nodes(item, root, depth + 1, nodes)
    elif isinstance(node, dict):
        if unsupported := [key for key in UNSUPPORTED if key in node]:
            raise ValueError(f"uses {unsupported[0]}, which is not supported here")
        for key, item in node.items():
            if key == "$defs" and node is root:
                continue  # counted where they are referred to
            part = _target(item, root) if key == "$ref" and isinstance(item, str) else item
            nodes = _count_nodes(part, root, depth + 1, nodes)
    return nodes


def _target(reference: str, root: dict[str, Any]) -> Any:
    """The part of the schema that a reference means."""
    if reference != "#" and not reference.startswith("#/"):
        raise ValueError(f"refers to {reference!r}; only references into itself (#/…) are supported")
    part: Any = root
    for step in reference.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(part, dict) or key not in part:
            raise ValueError(f"refers to {reference!r}, which is not there")
        part = part[key]
    return part


def _short(message: str) -> str:
    return message if len(message) <= MAX_MESSAGE_CHARACTERS else message[: MAX_MESSAGE_CHARACTERS - 1] + "…"
