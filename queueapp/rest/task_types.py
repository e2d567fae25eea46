"""The types of task there are: those with a handler here, and those that the tenant declared."""

from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.handlers import public_handlers
from queueapp.models import TaskType
from queueapp.rest.toolkit.endpoints import ResponseSpec, endpoint, resource
from queueapp.rest.toolkit.pagination import Page, whole_list
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView
from queueapp.tasks.declared_types import TypeRules, declare
from queueapp.type_patterns import TASK_TYPE_PATTERN
from queueapp.validation import MaxRetries, RequestModel, ResponseModel, TimeoutSeconds

EXAMPLE = {
    "type": "studio.narration",
    "params_schema": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
    "max_retries": 2,
}


class TaskTypeRequest(RequestModel):
    """A type declared for one's own workers. Declaring it again replaces it."""

    type: Annotated[str, StringConstraints(pattern=TASK_TYPE_PATTERN, max_length=200)]
    params_schema: dict[str, Any] = Field(description="JSON Schema 2020-12 of an object; references only into itself.")
    queue: Annotated[str, StringConstraints(min_length=1, max_length=64)] = "default"
    timeout_seconds: TimeoutSeconds = 300
    max_retries: MaxRetries = 0
    retry_base_seconds: float = Field(1.0, ge=0.01, le=300, strict=True)


class TaskTypeResponse(ResponseModel):
    """A type of task, and how its tasks run unless they say otherwise."""

    type: str
    declared: bool = Field(description="By the tenant, for workers of its own; else there is a handler for it.")
    queue: str
    timeout_seconds: int
    max_timeout_seconds: int | None
    max_retries: int
    retry_base_seconds: int | float
    params_schema: dict[str, Any]
    result_schema: dict[str, Any] | None = Field(description="Of the result, where the handler says what it returns.")

    @classmethod
    def of_rules(cls, rules: TypeRules) -> Self:
        if isinstance(rules, TaskType):
            return cls.of(rules, declared=True, result_schema=None)
        result = rules.result.json_schema(mode="serialization") if rules.result else None
        return cls.of(rules, declared=False, params_schema=rules.params.model_json_schema(), result_schema=result)


@resource("task-types", tag="Task types")
class TypeList(ApiView):
    """All types that the tenant may submit."""

    @endpoint(
        "List the types there are",
        right=Right.TASKS_READ,
        responses={200: ResponseSpec("All of them.", Page[TaskTypeResponse])},
    )
    def get(self, request: Request) -> Response:
        with self.principal.own_scope():
            declared = list(TaskType.objects.filter(tenant_id=self.principal.tenant_id))
        types: list[TypeRules] = [*public_handlers(), *declared]
        types.sort(key=lambda rules: rules.type)
        return Response(whole_list([TaskTypeResponse.of_rules(rules) for rules in types]))

    @endpoint(
        "Declare a type for one's own workers, or replace a declaration",
        right=Right.TYPES_DECLARE,
        responses={
            201: ResponseSpec("It is declared.", TaskTypeResponse),
            200: ResponseSpec("It was declared before.", TaskTypeResponse),
        },
        details="The schema is JSON Schema 2020-12 of an object, at most 32 KiB and 1,000 parts; its references lead "
        "into itself, and its patterns have neither look-around nor back-references.",
        example=EXAMPLE,
    )
    def post(self, request: Request, body: TaskTypeRequest) -> Response:
        with self.principal.own_scope():
            declared, is_new = declare(**body.model_dump(), tenant_id=self.principal.tenant_id)
        return Response(TaskTypeResponse.of_rules(declared), status=201 if is_new else 200)
