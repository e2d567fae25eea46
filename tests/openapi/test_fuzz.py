"""schemathesis over the whole description, against a live server: no 5xx, and every answer as described.

Bounded and the same each time; with FUZZ_SECONDS (make fuzz) so long, and new requests each time.
"""

import os
import subprocess
from pathlib import Path

import pytest

from queueapp.models import Schedule, Tenant
from queueapp.tenancy import operator_scope
from tests.factories import create_artifact
from tests.web import python, running_server
from tests.worker_api.conftest import make_key

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "what_fits_the_schema_is_taken",  # of hooks.py
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
HOOKS = Path(__file__).with_name("hooks.py")
# its own list of refusals lacks 412, which an unreadable If-Match gets before all else is looked at
CONFIGURATION = """
[checks]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, 415, 422, 428, 429]
"""


def length() -> list[str]:
    seconds = os.environ.get("FUZZ_SECONDS")
    return ["--max-time", seconds] if seconds else ["--max-examples", "10", "--seed", "1"]


@pytest.mark.parametrize(
    ("role", "which"),
    [
        ("admin", ["--exclude-path-regex", "^/(worker|tasks/(sample|hell|IdeaInspiration))/"]),
        ("worker", ["--include-path-regex", "^/worker/"]),
    ],
)
def test_whatever_is_sent_the_answer_is_as_described(acme, make_task, tmp_path, role, which):
    statuses = ("queued", "scheduled", "leased", "failed", "completed", "dead_letter", "cancelled")
    tasks = [make_task(status) for status in statuses]
    artifacts = [create_artifact(task) for task in tasks]
    with operator_scope("operator:test"):  # what is sent here is refused all the time
        made = [Schedule.objects.create(tenant=acme, name=f"s{n}", type="echo", cron="0 3 * * *") for n in range(9)]
        schedules = [str(each.id) for each in made]
        Tenant.objects.filter(id=acme.id).update(limits={"refusals_per_minute": None})
    key = make_key(acme, role)
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    with running_server(TASKS_PER_MINUTE="1000000", LOG_LEVEL="ERROR") as server:
        process = python(
            *("-m", "schemathesis.cli", "run", f"{server}/api/v1/schema", *which, *length()),
            *("--header", f"Authorization: Bearer {key}", "--checks", ",".join(CHECKS), "--continue-on-failure"),
            *("--phases", "examples,coverage,fuzzing", "--suppress-health-check", "all", "--no-shrink", "--no-color"),
            directory=tmp_path,  # where it leaves what it learnt
            SCHEMATHESIS_HOOKS=str(HOOKS),
            FUZZ_TASK_IDS=",".join(str(task.id) for task in tasks),
            FUZZ_ARTIFACT_IDS=",".join(artifacts),
            FUZZ_SCHEDULE_IDS=",".join(schedules),
            PYTHONWARNINGS="",
        )
        try:
            report, _ = process.communicate(timeout=float(os.environ.get("FUZZ_SECONDS", 60)) + 540)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert process.returncode == 0, report
