"""JSON Schemas of the models: bodies, responses, query strings, and the parameters of every registered type."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, WithJsonSchema, create_model
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from queueapp.handlers import Handler
from queueapp.rest.openapi.components import CURSOR, reference
from queueapp.rest.toolkit.endpoints import Endpoint
from queueapp.rest.toolkit.problem_details import Problem
from queueapp.tasks import TaskRequest

TEMPLATE = "#/components/schemas/{model}"

Schema = dict[str, Any]
Schemas = dict[str, Schema]


class SchemaBook:
    """The schemas of all models that endpoints name, each under a name of its own."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [(Problem, "validation")]
        for each in endpoints:
            wanted += [(each.body, "validation")] if is_model(each.body) else []
            wanted += [(each.query, "validation")] if each.query else []
            wanted += [(spec.model, "serialization") for spec in each.responses.values() if spec.model]
        found, definitions = models_json_schema(list(dict.fromkeys(wanted)), ref_template=TEMPLATE)
        self._found = found
        self.schemas: Schemas = definitions.get("$defs", {})

    def body(self, model: Any) -> Schema:
        """The schema of a body; of one without a model only that it is an object."""
        return self._found[model, "validation"] if is_model(model) else {"type": "object"}

    def response(self, model: type[BaseModel]) -> Schema:
        return self._found[model, "serialization"]

    def query(self, model: type[BaseModel]) -> list[Schema]:
        """A model of a query string as parameters."""
        schema = self._resolved(self._found[model, "validation"])
        required = schema.get("required", [])
        return [
            {"name": name, "in": "query", "required": name in required, "schema": _without_null(name, each)}
            for name, each in schema.get("properties", {}).items()
        ]

    def _resolved(self, schema: Schema) -> Schema:
        name = schema.get("$ref", "").rpartition("/")[2]
        return self.schemas[name] if name else schema


def is_model(candidate: Any) -> bool:
    return isinstance(candidate, type) and issubclass(candidate, BaseModel)


def params_schemas(handler: Handler) -> Schemas:
    """The parameters of a type, and what they refer to, by the names they have in the description."""
    name = params_name(handler.type)
    schema = handler.params.model_json_schema(ref_template=f"#/components/schemas/{name}.{{model}}")
    definitions = schema.pop("$defs", {})
    return {name: schema, **{f"{name}.{part}": definition for part, definition in definitions.items()}}


def params_name(type: str) -> str:
    return f"params.{type}"


def options_schema() -> Schema:
    """What a task may be given besides its type and parameters."""
    schema = TaskRequest.model_json_schema(ref_template=TEMPLATE)
    schema.pop("$defs", None)
    properties = {name: each for name, each in schema["properties"].items() if name not in ("type", "params")}
    return {"type": "object", "title": "TaskOptions", "properties": properties, "additionalProperties": False}


def with_options(params: type[BaseModel]) -> type[BaseModel]:
    """The body of a type's own address, for an app that describes one: its parameters, and `options` beside them."""
    # allOf, because Pydantic would look a bare reference up among its own models
    options = Annotated[dict[str, Any], WithJsonSchema({"allOf": [reference("schemas", "TaskOptions")]})]
    return create_model(f"{params.__name__}WithOptions", __base__=params, options=(options, {}))


def typed_body(type: str, schema: Schema) -> Schema:
    """The parameters of a type as a body, with `options` beside them."""
    if schema.get("type") != "object":
        return {}
    properties = {**schema.get("properties", {}), "options": reference("schemas", "TaskOptions")}
    return {**schema, "title": f"{type} with options", "properties": properties}


def _without_null(name: str, schema: Schema) -> Schema:
    """A query string can leave a parameter out, but it cannot say null."""
    if name == "cursor":
        return CURSOR
    alternatives = [each for each in schema.get("anyOf", []) if each != {"type": "null"}]
    if len(alternatives) != 1:
        return schema
    return {**alternatives[0], **({"description": schema["description"]} if "description" in schema else {})}
