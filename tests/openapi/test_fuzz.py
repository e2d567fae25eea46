"""schemathesis over the whole description, against a live server: no 5xx, and every answer as described.

Bounded and the same each time; with FUZZ_SECONDS (make fuzz) so long, and new requests each time.
"""

import os
import subprocess
from pathlib import Path

import pytest

from queueapp.artifacts import object_store, service
from queueapp.artifacts.service import ArtifactDescription
from queueapp.artifacts.upload_buffer import UploadBuffer
from queueapp.models import Tenant
from queueapp.tenancy import operator_scope, tenant_scope
from tests.web import python, running_server
from tests.worker_api.conftest import make_key

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
HOOKS = Path(__file__).with_name("hooks.py")


def length() -> list[str]:
    seconds = os.environ.get("FUZZ_SECONDS")
    return ["--max-time", seconds] if seconds else ["--max-examples", "10", "--seed", "1"]


@pytest.mark.parametrize(
    ("role", "which"),
    [
        ("admin", ["--exclude-path-regex", "^/(worker|tasks/sample)/"]),
        ("worker", ["--include-path-regex", "^/worker/"]),
    ],
)
def test_whatever_is_sent_the_answer_is_as_described(acme, make_task, tmp_path, role, which):
    statuses = ("queued", "scheduled", "leased", "failed", "completed", "dead_letter", "cancelled")
    tasks = [make_task(status) for status in statuses]
    artifacts = [_artifact_of(task) for task in tasks]
    with operator_scope("operator:test"):  # what is sent here is refused all the time
        Tenant.objects.filter(id=acme.id).update(limits={"refusals_per_minute": None})
    key = make_key(acme, role)
    with running_server(TASKS_PER_MINUTE="1000000", LOG_LEVEL="ERROR") as server:
        process = python(
            *("-m", "schemathesis.cli", "run", f"{server}/api/v1/schema", *which, *length()),
            *("--header", f"Authorization: Bearer {key}", "--checks", ",".join(CHECKS), "--continue-on-failure"),
            *("--phases", "examples,coverage,fuzzing", "--suppress-health-check", "all", "--no-shrink", "--no-color"),
            directory=tmp_path,  # where it leaves what it learnt
            SCHEMATHESIS_HOOKS=str(HOOKS),
            FUZZ_TASK_IDS=",".join(str(task.id) for task in tasks),
            FUZZ_ARTIFACT_IDS=",".join(artifacts),
            PYTHONWARNINGS="",
        )
        try:
            report, _ = process.communicate(timeout=float(os.environ.get("FUZZ_SECONDS", 60)) + 120)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert process.returncode == 0, report


def _artifact_of(task) -> str:
    """The id of one with some bytes, so that there is something to download."""
    with tenant_scope(task.tenant_id), UploadBuffer(100) as intake:
        intake.write(b"something to download")
        reserved = service.reserve(task.tenant_id, task.id)
        object_store.put(reserved.object_key, intake)
        return str(service.claim(reserved, ArtifactDescription(type="note", content_type="text/plain"), intake).id)
