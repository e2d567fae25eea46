"""What dies on the way leaves an object without a row at worst, and the sweep takes exactly those."""

from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from queueapp import tasks
from queueapp.artifacts import garbage, object_store, service
from queueapp.artifacts.service import ArtifactDescription
from queueapp.artifacts.upload_buffer import UploadBuffer
from queueapp.errors import StoreUnavailable
from queueapp.models import PendingObject
from queueapp.tenancy import operator_scope, tenant_scope
from tests.artifacts.looking import content_of, is_stored, rows, unclaimed
from tests.clusters import running_cluster
from tests.commands.test_command_purge_rescue import born
from tests.waiting import PATIENCE_SECONDS, threads, wait_until

ABOUT = ArtifactDescription(type="report", content_type="text/plain")


@pytest.fixture
def write(acme, make_task, store):
    """Go as far as the object; the function it returns goes on to the row."""

    def write(content=b"bytes", task=None):
        task = task or make_task("completed")
        with tenant_scope(acme.id):
            upload = service.reserve(acme.id, task.id)
        buffer = stack.enter_context(UploadBuffer(10**6))
        buffer.write(content)
        object_store.put(upload.object_key, buffer)

        def claim():
            with tenant_scope(acme.id):
                return service.claim(upload, ABOUT, buffer)

        return upload, claim

    with ExitStack() as stack:
        yield write


def make_due():
    with operator_scope("operator:test"):
        PendingObject.objects.update(due_at=Now() - timedelta(seconds=1))


def test_an_object_whose_writer_died_is_swept_after_its_grace(write):
    upload, _ = write()
    assert garbage.sweep() == 0
    assert is_stored(upload)
    make_due()
    assert garbage.sweep() == 1
    assert not is_stored(upload)
    assert unclaimed() == []


def test_an_object_with_a_row_is_never_swept(write):
    _, claim = write()
    assert claim() is not None
    make_due()
    assert garbage.sweep() == 0
    assert content_of(rows()[0]) == b"bytes"


def test_a_writer_that_wakes_up_after_the_sweep_gets_no_row(write):
    _, claim = write()
    make_due()
    garbage.sweep()
    assert claim() is None
    assert rows() == []


def test_a_writer_and_the_sweep_at_once_leave_both_or_neither(write):
    """Whoever comes first to the row of the unclaimed object wins, and the other sees it."""
    for _ in range(20):
        upload, claim = write()
        make_due()
        with threads(2) as run:
            swept, claimed = run(garbage.sweep), run(claim)
            assert (swept.result(PATIENCE_SECONDS) == 1) == (claimed.result(PATIENCE_SECONDS) is None)
        assert is_stored(upload) == (claimed.result() is not None)


def test_deleting_a_task_takes_its_artifacts_and_then_their_objects(write, make_task):
    task = make_task("completed", id=born(40), finished_at=timezone.now() - timedelta(days=40))
    upload, claim = write(task=task)
    claim()
    with operator_scope("operator:test"):
        assert tasks.purge(finished_before=timezone.now() - timedelta(days=30)) == 1
    assert rows() == []
    assert is_stored(upload)
    assert garbage.sweep() == 1
    assert not is_stored(upload)


def test_a_sweep_of_many_is_bounded_and_goes_on_where_it_stopped(write, monkeypatch):
    monkeypatch.setattr(garbage, "BATCH", 2)
    for _ in range(5):
        write()
    make_due()
    monkeypatch.setattr(garbage, "MAX_SECONDS", 0.0)
    assert garbage.sweep() == 0
    monkeypatch.setattr(garbage, "MAX_SECONDS", 20.0)
    assert garbage.sweep() == 5
    assert unclaimed() == []


def test_a_store_that_is_away_loses_nothing(write, settings):
    upload, _ = write()
    make_due()
    was = settings.STORAGES
    options = {"endpoint_url": "http://127.0.0.1:1", "access_key": "a", "secret_key": "b", "bucket_name": "artifacts"}
    settings.STORAGES = {**was, "artifacts": {"BACKEND": "queueapp.artifacts.s3_store.S3Store", "OPTIONS": options}}
    with pytest.raises(StoreUnavailable):
        garbage.sweep()
    settings.STORAGES = was
    assert garbage.sweep() == 0, "not before ten minutes"
    make_due()
    assert garbage.sweep() == 1
    assert not is_stored(upload)


def test_clusters_sweep(write):
    upload, _ = write()
    make_due()
    with running_cluster(workers=1):
        wait_until(lambda: not unclaimed())
    assert not is_stored(upload)
