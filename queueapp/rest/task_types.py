"""The types of task there are: those with a handler here, and those that the tenant declared."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.handlers import registered_handlers
from queueapp.models import TaskType
from queueapp.models.tasks import TASK_TYPE_PATTERN
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView, Form
from queueapp.tasks.declared_types import TypeRules, declare


class TypeForm(Form):
    """A type declared for one's own workers. Declaring it again replaces it."""

    type: Annotated[str, StringConstraints(pattern=TASK_TYPE_PATTERN, max_length=200)]
    params_schema: dict[str, Any] = Field(description="JSON Schema 2020-12 of an object; references only into itself.")
    queue: Annotated[str, StringConstraints(min_length=1, max_length=64)] = "default"
    timeout_seconds: int = Field(300, ge=1, strict=True)
    max_retries: int = Field(0, ge=0, le=1000, strict=True)
    retry_base_seconds: float = Field(1.0, ge=0.01, le=300, strict=True)


class TypeListForm(Form):
    """The list takes no parameters."""


class TypeList(ApiView):
    """All types that the tenant may submit."""

    rights: ClassVar = {"GET": Right.TASKS_READ, "POST": Right.TYPES_DECLARE}

    def get(self, request: Request) -> Response:
        self.query(TypeListForm)
        with self.principal.own_scope():
            declared = list(TaskType.objects.filter(tenant_id=self.principal.tenant_id))
        types: list[TypeRules] = [*registered_handlers(), *declared]
        types.sort(key=lambda rules: rules.type)
        return Response({"results": [type_document(rules) for rules in types], "next": None, "previous": None})

    def post(self, request: Request) -> Response:
        form = self.body(TypeForm)
        with self.principal.own_scope():
            declared, is_new = declare(**form.model_dump(), tenant_id=self.principal.tenant_id)
        return Response(type_document(declared), status=201 if is_new else 200)


def type_document(rules: TypeRules) -> dict[str, Any]:
    """A type as the API shows it."""
    return {
        "type": rules.type,
        "declared": isinstance(rules, TaskType),
        "queue": rules.queue,
        "timeout_seconds": rules.timeout_seconds,
        "max_timeout_seconds": rules.max_timeout_seconds,
        "max_retries": rules.max_retries,
        "retry_base_seconds": rules.retry_base_seconds,
        "params_schema": rules.params_schema if isinstance(rules, TaskType) else rules.params.model_json_schema(),
    }
