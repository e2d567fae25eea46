"""Describes the families' own addresses."""

from queueapp.api.schema.operations import Describer
from queueapp.api.schema.schemas import with_options
from queueapp.api.schema.tasks import ACCEPTED, SUBMITTING
from workloads.fetch.params import FetchParams

families = Describer("Task families")
families(
    "POST",
    "/fetch",
    "Fetch a web page",
    {202: ACCEPTED},
    details="A task of type `fetch`: its result names the artifact `fetch_text`, the readable text below what is known "
    "of it. Refused with `invalid_url`, `fetch_domain_not_allowed` or `fetch_address_not_allowed`.",
    body=with_options(FetchParams),
    headers=SUBMITTING,
    errors=(409, 422),
    example={"url": "https://example.com/"},
)
