"""What is said of an artifact besides its bytes, checked before anything is stored."""

import json
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from queueapp.errors import InvalidArtifact
from queueapp.lifecycle.requests import field_errors
from queueapp.models.artifacts import ARTIFACT_TYPE_PATTERN, CONTENT_TYPE_PATTERN, MAX_METADATA_BYTES
from queueapp.storable import storable_json


def _bounded(value: dict[str, Any]) -> dict[str, Any]:
    size = len(json.dumps(value).encode())
    if size > MAX_METADATA_BYTES:
        raise ValueError(f"takes {size} bytes as JSON, more than {MAX_METADATA_BYTES}: attach it as content instead")
    return value


ArtifactType = Annotated[str, StringConstraints(pattern=ARTIFACT_TYPE_PATTERN)]
ContentType = Annotated[str, StringConstraints(pattern=CONTENT_TYPE_PATTERN, max_length=200)]
Metadata = Annotated[dict[str, Any], BeforeValidator(storable_json), AfterValidator(_bounded)]


class About(BaseModel):
    """An artifact's description."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    type: ArtifactType
    content_type: ContentType
    metadata: Metadata = {}


def describe(type: str, content_type: str, metadata: dict[str, Any] | None) -> About:
    """Raises InvalidArtifact naming each field."""
    try:
        return About(type=type, content_type=content_type, metadata=metadata or {})
    except ValidationError as error:
        raise InvalidArtifact(field_errors(error, "")) from None
