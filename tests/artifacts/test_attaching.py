"""What a handler attaches: stored whole, once, and only while its attempt holds the task."""

import hashlib
import io
import logging

import pytest
from django.db import transaction

from queueapp.artifacts import service
from queueapp.errors import ArtifactTooLarge, InvalidArtifact, LeaseLost
from queueapp.models import PendingObject, Tenant
from queueapp.tenancy import operator_scope, tenant_scope
from queueapp.worker.attempt_records import AttemptRecords
from queueapp.worker.background_connection import BackgroundConnection
from queueapp.worker.context import TaskContext
from tests.artifacts.looking import content_of, is_stored, rows, unclaimed
from tests.factories import attempt_at
from tests.tasks.workers import expire_lease

BYTES = b"\x00\x01" * 40_000


@pytest.fixture
def context(claimed, worker, store):
    """What the handler of the claimed task is given."""
    side = BackgroundConnection()
    yield TaskContext(attempt := attempt_at(claimed, worker.id), AttemptRecords(attempt, side))
    side.close()
    side._thread.join()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (lambda: BYTES, BYTES),
        (lambda: "blåbær", "blåbær".encode()),
        (lambda: io.BytesIO(BYTES), BYTES),
        (lambda: iter([b"a", b"", b"b"]), b"ab"),
        (lambda: b"", b""),
        (lambda: [b"piece"] * 50_000, b"piece" * 50_000),
    ],
    ids=["bytes", "text", "file", "iterator", "nothing", "many pieces"],
)
def test_an_artifact_is_kept_with_its_figures(context, acme, content, expected):
    artifact_id = context.attach("report", content(), content_type="text/plain", metadata={"page": 1})
    (row,) = rows()
    assert (row.id, row.tenant_id, row.task_id, row.attempt) == (artifact_id, acme.id, context.id, 1)
    assert (row.type, row.content_type, row.metadata) == ("report", "text/plain", {"page": 1})
    assert (row.size_bytes, row.sha256) == (len(expected), hashlib.sha256(expected).hexdigest())
    assert row.object_key == f"{acme.id}/{context.id}/{artifact_id}"
    assert content_of(row) == expected
    assert unclaimed() == []


def test_a_lost_lease_stores_nothing(context, claimed):
    expire_lease(claimed.id)
    with pytest.raises(LeaseLost):
        context.attach("report", b"late", content_type="text/plain")
    assert rows() == []
    (left,) = unclaimed()
    assert not is_stored(left)


def test_the_next_attempt_of_the_same_worker_is_no_licence_for_the_last(context, claimed, worker):
    expire_lease(claimed.id)
    assert worker.claim().attempt == 2
    with pytest.raises(LeaseLost):
        context.attach("report", b"late", content_type="text/plain")
    assert rows() == []


def test_a_transaction_of_the_handler_neither_holds_up_nor_takes_back(context, acme):
    with tenant_scope(acme.id):
        context.attach("report", b"kept", content_type="text/plain")
        transaction.set_rollback(True)
    assert [content_of(row) for row in rows()] == [b"kept"]


def test_more_than_the_limit_is_refused_and_logged(context, configure, caplog):
    configure(TASK_MAX_ARTIFACT_MB=1)
    context.attach("report", bytes(2**20), content_type="text/plain")
    with pytest.raises(ArtifactTooLarge, match="1048576 bytes"), caplog.at_level(logging.WARNING):
        context.attach("report", (bytes(2**16) for _ in range(10**9)), content_type="text/plain")
    assert len(rows()) == 1
    (record,) = [record for record in caplog.records if getattr(record, "event", "") == "artifact_rejected"]
    assert (record.limit_mb, record.reason) == (1, "artifact_size_exceeded")


def test_a_tenant_may_have_a_limit_of_its_own(context, acme):
    with operator_scope("operator:test"):
        Tenant.objects.filter(id=acme.id).update(limits={"task_max_artifact_mb": 2})
    context.attach("report", bytes(2 * 2**20), content_type="text/plain")
    with pytest.raises(ArtifactTooLarge):
        context.attach("report", bytes(2 * 2**20 + 1), content_type="text/plain")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"type": "no type"}, "type"),
        ({"content_type": "text"}, "content_type"),
        ({"content_type": "text/plain\r\nX-Evil: 1"}, "content_type"),
        ({"metadata": {"a": "x" * 20_000}}, "metadata"),
        ({"metadata": {"a": "\x00"}}, "metadata"),
        ({"metadata": {"a": float("nan")}}, "metadata"),
    ],
)
def test_what_is_said_of_it_is_checked_before_anything_is_stored(context, changes, field):
    about = {"type": "report", "content_type": "text/plain", **changes}
    with pytest.raises(InvalidArtifact) as refused:
        context.attach(about.pop("type"), b"x", **about)
    assert [error.field for error in refused.value.errors] == [field]
    assert (rows(), unclaimed()) == ([], [])


def test_metadata_of_the_largest_numbers_fits_into_the_table(context):
    context.attach("report", b"x", content_type="text/plain", metadata={"n": [1e300] * 2_000})
    assert len(rows()[0].metadata["n"]) == 2_000


def test_content_that_is_no_bytes_is_refused(context):
    with pytest.raises(TypeError, match="must yield bytes, not str"):
        context.attach("report", io.StringIO("text"), content_type="text/plain")
    assert rows() == []


def test_an_object_that_the_sweep_has_taken_gets_no_row(context, acme, claimed, worker):
    upload = service.reserve_for_worker(acme.id, claimed.id)
    with operator_scope("operator:test"):
        PendingObject.objects.update(taken_at="2026-01-01T00:00Z")
    about = service.ArtifactDescription(type="report", content_type="text/plain")
    with service.UploadBuffer(100) as buffer:
        assert service.claim_for_worker(worker.id, 1, upload, about, buffer) is None
    assert rows() == []
