"""A form from the JSON Schema of a type's parameters, built on the server: a field for each value, objects one level
deep, and a box for JSON beyond that.

The form only reads what was typed. What the values may be is decided by the type itself when the task is submitted.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from queueapp.errors import FieldError
from queueapp.redaction import SECRET_NAME
from queueapp.rest.toolkit.errors import MalformedJson
from queueapp.rest.toolkit.strict_json import parse_json

Schema = dict[str, Any]
Path = tuple[str, ...]

MOST_FIELDS = 60
MOST_REFERENCES = 8  # that lead to each other
LONG_TEXT = 200
REST = ("*",)  # the box for members that the schema does not name
EMPTY: tuple[Any, ...] = (None, "", [])
INPUT_TYPES = {"date": "date", "uri": "url", "email": "email"}
HINTS = {"date-time": "E.g. 2026-01-31T12:00:00Z.", "time": "E.g. 12:00:00.", "uuid": "A UUID."}


class JsonField(forms.CharField):
    """Any JSON document."""

    widget = forms.Textarea(attrs={"rows": 4, "spellcheck": "false"})

    def clean(self, value: Any) -> Any:
        text = super().clean(value).strip()
        if not text:
            return None
        try:
            return parse_json(text.encode())
        except MalformedJson as error:
            raise ValidationError(error.errors[0].message) from None

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str | None) else json.dumps(value, indent=2, ensure_ascii=False)


class JsonObjectField(JsonField):
    """A JSON object."""

    def clean(self, value: Any) -> Any:
        document = super().clean(value)
        if document is not None and not isinstance(document, dict):
            raise ValidationError("must be a JSON object, in braces")
        return document


class LinesField(forms.CharField):
    """A list, an item a line; each is read as the field of an item reads it."""

    widget = forms.Textarea(attrs={"rows": 3})

    def __init__(self, item: forms.Field, **options: Any) -> None:
        super().__init__(**options)
        self.item = item

    def clean(self, value: Any) -> Any:
        return [self.item.clean(line) for line in super().clean(value).splitlines() if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(str(each) for each in value) if isinstance(value, list) else value


class ParamsForm(forms.Form):
    """What a task is given. The names of its fields are paths within the parameters, joined by dots."""

    def __init__(self, schema: Schema, data: Any = None, given: dict[str, Any] | None = None) -> None:
        """`given` are values to begin with, by their paths."""
        super().__init__(data, prefix="p", initial=given)
        self.paths: dict[str, Path] = {}
        for path, field in _fields(schema):
            self.fields[".".join(path)] = field
            self.paths[".".join(path)] = path

    def params(self) -> dict[str, Any]:
        """What was filled in; what was left empty is left to the type's own defaults."""
        found: dict[str, Any] = dict(self.cleaned_data.get(REST[0]) or {})
        for name, path in self.paths.items():
            value = self.cleaned_data.get(name)
            if path == REST or value in EMPTY:
                continue
            owner = found
            for step in path[:-1]:
                owner = owner.setdefault(step, {})
            owner[path[-1]] = value
        return found

    def blame(self, errors: Iterable[FieldError]) -> list[FieldError]:
        """Put errors of `params.…` beside their fields; returns those that belong to none of them."""
        others = []
        for error in errors:
            name = error.field.removeprefix("params.")
            while name and name not in self.fields:
                name = name.rpartition(".")[0]
            if error.field.startswith("params") and (name or REST[0] in self.fields):
                self.add_error(name or REST[0], f"{_rest_of(error.field, name)}{error.message}")
            else:
                others.append(error)
        return others


def _rest_of(path: str, name: str) -> str:
    """What the field's own label does not say of where an error is."""
    inner = path.removeprefix("params").removeprefix(f".{name}" if name else "").strip(".")
    return f"{inner}: " if inner else ""


def initial_values(schema: Schema, params: dict[str, Any]) -> dict[str, Any]:
    """Parameters as a form of this schema shows them, by the names of its fields."""
    values: dict[str, Any] = {}
    left = dict(params)
    for path, field in _fields(schema):
        if path == REST:
            values[REST[0]] = left or None
            continue
        value: Any = params
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        left.pop(path[0], None)
        if value is not None:
            values[".".join(path)] = json.dumps(value) if isinstance(field, forms.TypedChoiceField) else value
    return values


def _fields(schema: Schema) -> Iterator[tuple[Path, forms.Field]]:
    """At most 60; of a larger schema, one box for all."""
    found = list(_of_object(schema, schema, ()))
    if len(found) > MOST_FIELDS:
        found = []
    yield from found
    if not found or schema.get("additionalProperties") not in (None, False):
        label = "Other parameters" if found else "Parameters"
        yield REST, JsonObjectField(label=label, required=False, help_text='A JSON object, e.g. {"greeting": "hello"}.')


def _of_object(
    node: Schema, root: Schema, above: Path, *, is_optional: bool = False
) -> Iterator[tuple[Path, forms.Field]]:
    """The fields of an object's members. Of one that may be left out nothing is filled in, or it would be there."""
    required = node.get("required", [])
    for name, part in _members(node).items():
        inner, is_nullable = _plain(part, root)
        is_required = name in required and not is_nullable
        path = (*above, name)
        if not above and inner.get("type") == "object" and _members(inner):
            yield from _of_object(inner, root, path, is_optional=not is_required)
        elif is_optional:
            yield path, _field(path, {**inner, "default": None}, root, required=False)
        else:
            yield path, _field(path, inner, root, required=is_required)


def _members(node: Schema) -> dict[str, Any]:
    members = node.get("properties")
    return members if isinstance(members, dict) else {}


def _plain(part: Any, root: Schema) -> tuple[Schema, bool]:
    """A part without its references, and whether it may be null as well."""
    node: Schema = part if isinstance(part, dict) else {}
    for _ in range(MOST_REFERENCES):
        reference = node.get("$ref")
        if not isinstance(reference, str):
            break
        node = {**_target(reference, root), **{name: value for name, value in node.items() if name != "$ref"}}
    options = node.get("anyOf") or node.get("oneOf")
    if isinstance(options, list) and {"type": "null"} in options:
        others = [each for each in options if each != {"type": "null"}]
        if len(others) == 1:
            inner, _ = _plain(others[0], root)
            return {**inner, **{name: node[name] for name in ("title", "description", "default") if name in node}}, True
    return node, False


def _target(reference: str, root: Schema) -> Schema:
    node: Any = root
    for step in reference.removeprefix("#/").split("/"):
        node = node.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else {}


def _field(path: Path, node: Schema, root: Schema, *, required: bool) -> forms.Field:
    default = node.get("default")
    options: dict[str, Any] = {
        "label": " → ".join([*path[:-1], str(node.get("title") or path[-1])]),
        "required": required,
        "help_text": " ".join(filter(None, [str(node.get("description") or ""), HINTS.get(str(node.get("format")))])),
        "initial": None if default in EMPTY else default,
    }
    if SECRET_NAME.search(path[-1]) and node.get("type") == "string":
        # shown again to who typed it: else it would be lost whenever another field is wrong
        hidden = forms.PasswordInput(attrs={"autocomplete": "off"}, render_value=True)
        return forms.CharField(strip=False, widget=hidden, **options)
    if node.get("type") == "array":
        item, _ = _plain(node.get("items"), root)
        inner = _scalar(item, {"required": True})
        return JsonField(**options) if inner is None else LinesField(inner, **_with_hint(options, "One a line."))
    return _scalar(node, options) or JsonField(**_with_hint(options, "JSON."))


def _with_hint(options: dict[str, Any], hint: str) -> dict[str, Any]:
    return {**options, "help_text": " ".join(filter(None, [options["help_text"], hint]))}


def _scalar(node: Schema, options: dict[str, Any]) -> forms.Field | None:
    """The field of a value that is neither list nor object; None for anything else."""
    if isinstance(choices := node.get("enum", [node["const"]] if "const" in node else None), list):
        return _choice([(json.dumps(each), str(each)) for each in choices], options)
    match node.get("type"):
        case "string":
            return _text(node, options)
        case "integer":
            return forms.IntegerField(**_bounds(node), **options)
        case "number":
            return forms.FloatField(widget=forms.NumberInput(attrs={"step": "any"}), **_bounds(node), **options)
        case "boolean" if options["required"] or isinstance(options.get("initial"), bool):
            return forms.BooleanField(**{**options, "required": False})
        case "boolean":
            return _choice([("true", "yes"), ("false", "no")], options)
    return None


def _choice(choices: list[tuple[str, str]], options: dict[str, Any]) -> forms.Field:
    initial = options.get("initial")
    options = options if initial is None else {**options, "initial": json.dumps(initial)}
    return forms.TypedChoiceField(choices=[("", "—"), *choices], coerce=json.loads, empty_value=None, **options)


def _text(node: Schema, options: dict[str, Any]) -> forms.Field:
    longest = node.get("maxLength")
    if isinstance(longest, int) and longest > LONG_TEXT:
        return forms.CharField(strip=False, max_length=longest, widget=forms.Textarea(attrs={"rows": 4}), **options)
    kind = INPUT_TYPES.get(str(node.get("format")), "text")
    widget = forms.TextInput(attrs={"type": kind})
    return forms.CharField(
        strip=False, max_length=longest if isinstance(longest, int) else None, widget=widget, **options
    )


def _bounds(node: Schema) -> dict[str, Any]:
    names = {"min_value": "minimum", "max_value": "maximum"}
    return {name: node[key] for name, key in names.items() if isinstance(node.get(key), int | float)}
