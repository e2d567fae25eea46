"""The description of the API: what each address takes and answers, as OpenAPI 3.1 and as pages to read."""

from queueapp.rest.openapi.operations import Answer, Describer

__all__ = ["Answer", "Describer"]
