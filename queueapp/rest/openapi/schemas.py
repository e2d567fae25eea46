"""JSON Schemas of the models: bodies, responses, query strings, and the parameters of every registered type."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, Field, WithJsonSchema, create_model
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from queueapp.handlers import Handler
from queueapp.rest.openapi.components import reference
from queueapp.rest.toolkit.endpoints import Endpoint
from queueapp.rest.toolkit.problem_details import Problem
from queueapp.tasks import TaskRequest

TEMPLATE = "#/components/schemas/{model}"

Schema = dict[str, Any]
Schemas = dict[str, Schema]

BINARY = {
    "type": "string",
    "format": "binary",
}  # what makers of clients read, though OpenAPI 3.1 needs no schema for it


class SchemaBook:
    """The schemas of all models that endpoints name, each under a name of its own."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [(Problem, "validation")]
        for each in endpoints:
            wanted += [(each.body, "validation")] if is_model(each.body) else []
            wanted += [(each.query, "validation")] if each.query else []
            wanted += [(spec.model, "serialization") for spec in each.responses.values() if spec.model]
        found, definitions = models_json_schema(list(dict.fromkeys(wanted)), ref_template=TEMPLATE)
        names = _readable(definitions.get("$defs", {}))
        self._found = {key: _renamed(schema, names) for key, schema in found.items()}
        # makers of clients go by the title, and two schemas of one title are one to them
        self.schemas: Schemas = {
            names[name]: {**_renamed(schema, names), "title": names[name]}
            for name, schema in definitions.get("$defs", {}).items()
        }

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
            {"name": name, "in": "query", "required": name in required, "schema": _without_null(each)}
            for name, each in schema.get("properties", {}).items()
        ]

    def _resolved(self, schema: Schema) -> Schema:
        name = schema.get("$ref", "").rpartition("/")[2]
        return self.schemas[name] if name else schema


def _readable(schemas: Schemas) -> dict[str, str]:
    """For each name a readable one: Pydantic writes out the module of classes that are called the same.

    `queueapp__models__runs__Run__Status` becomes `RunStatus`.
    """
    return {
        name: "".join(part for part in name.split("__") if part[:1].isupper()) if "__" in name else name
        for name in schemas
    }


def _renamed(schema: Schema, names: dict[str, str]) -> Schema:
    """The same with every reference to a schema by its readable name."""
    renamed = {key: _renamed_part(each, names) for key, each in schema.items()}
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return {**renamed, **reference("schemas", names[name])} if name in names else renamed


def _renamed_part(part: Any, names: dict[str, str]) -> Any:
    if isinstance(part, dict):
        return _renamed(part, names)
    return [_renamed_part(each, names) for each in part] if isinstance(part, list) else part


def is_model(candidate: Any) -> bool:
    return isinstance(candidate, type) and issubclass(candidate, BaseModel)


def params_schemas(handler: Handler) -> Schemas:
    """The parameters of a type, and what they refer to, by the names they have in the description."""
    name = params_name(handler.type)
    schema = handler.params.model_json_schema(ref_template=f"#/components/schemas/{name}.{{model}}")
    parts = {name: schema, **{f"{name}.{part}": each for part, each in schema.pop("$defs", {}).items()}}
    return {name: {**each, "title": name} for name, each in parts.items()}  # types may share a model, but no title


def params_name(type: str) -> str:
    return f"params.{type}"


def options_schema() -> Schema:
    """What a task may be given besides its type and parameters."""
    schema = TaskRequest.model_json_schema(ref_template=TEMPLATE)
    schema.pop("$defs", None)
    schema["properties"] = {name: each for name, each in schema["properties"].items() if name not in ("type", "params")}
    schema.pop("required")  # the type
    return {**schema, "title": "TaskOptions", "description": "What a task may be given besides its parameters."}


def with_options(params: type[BaseModel]) -> type[BaseModel]:
    """The body of a type's own address, for an app that describes one: its parameters, and `options` beside them."""
    # allOf, because Pydantic would look a bare reference up among its own models
    options = Annotated[dict[str, Any], WithJsonSchema({"allOf": [reference("schemas", "TaskOptions")]})]
    # a factory, which the description does not show: makers of clients take no default beside a reference
    return create_model(
        f"{params.__name__}WithOptions", __base__=params, options=(options, Field(default_factory=dict))
    )


def typed_body(type: str, schema: Schema) -> Schema:
    """The parameters of a type as a body, with `options` beside them."""
    if schema.get("type") != "object":
        return {}
    properties = {**schema.get("properties", {}), "options": reference("schemas", "TaskOptions")}
    return {**schema, "title": f"{type} with options", "properties": properties}


def _without_null(schema: Schema) -> Schema:
    """A query string can leave a parameter out, but it cannot say null."""
    alternatives = [each for each in schema.get("anyOf", []) if each != {"type": "null"}]
    if len(alternatives) != 1:
        return schema
    return {**alternatives[0], **({"description": schema["description"]} if "description" in schema else {})}
