"""What the key of a worker lets it take."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, model_validator

from queueapp.operations import QUEUE_NAME
from queueapp.patterns import type_pattern
from queueapp.storable import storable_json

TypePattern = Annotated[str, AfterValidator(type_pattern)]
QueueName = Annotated[str, StringConstraints(pattern=f"^{QUEUE_NAME.pattern}$")]


class KeyCapabilities(BaseModel):
    """Type patterns, queues (all where none are named), and free properties, which requirements are held against."""

    model_config = ConfigDict(extra="allow")

    categories: list[TypePattern] = ["*"]
    queues: list[QueueName] | None = None

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        return storable_json(value)

    @property
    def properties(self) -> dict[str, Any]:
        return self.model_extra or {}
