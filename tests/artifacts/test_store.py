"""How long a store that is away or hangs is waited for."""

import socket
import threading

import pytest

from queueapp.artifacts import object_store, s3_store
from queueapp.artifacts.upload_buffer import UploadBuffer
from queueapp.errors import StoreUnavailable
from tests.waiting import PATIENCE_SECONDS, threads

KEY = "tenant/task/artifact"


@pytest.fixture
def buffer():
    with UploadBuffer(100) as buffer:
        buffer.write(b"bytes")
        yield buffer


@pytest.fixture
def place(settings, tmp_path):
    """Where the store is, once the file that stands in its way is gone."""
    place = tmp_path / "place"
    place.write_text("no directory")
    backend = {
        "BACKEND": "queueapp.artifacts.filesystem_store.FileStore",
        "OPTIONS": {"location": str(place / "objects")},
    }
    settings.STORAGES = {**settings.STORAGES, "artifacts": backend}
    return place


@pytest.fixture
def hanging_store(settings, monkeypatch):
    """An S3 that takes connections and answers nothing; the list of those that were made."""
    monkeypatch.setattr(s3_store, "READ_SECONDS", 0.3)
    made = []

    def take():
        while True:
            try:
                made.append(listener.accept()[0])
            except OSError:  # closed
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        options = {"access_key": "a", "secret_key": "b", "bucket_name": "artifacts"}
        options["endpoint_url"] = f"http://127.0.0.1:{listener.getsockname()[1]}"
        backend = {"BACKEND": "queueapp.artifacts.s3_store.S3Store", "OPTIONS": options}
        settings.STORAGES = {**settings.STORAGES, "artifacts": backend}
        taking = threading.Thread(target=take)
        taking.start()
        yield made
        listener.shutdown(socket.SHUT_RDWR)
        taking.join()
    for each in made:
        each.close()


def test_a_store_that_comes_back_in_time_is_sat_out(place, buffer):
    with threads(1) as run:
        writing = run(object_store.put_patiently, KEY, buffer)
        place.unlink()
        writing.result(PATIENCE_SECONDS)
    with object_store.open_object(KEY) as file:
        assert file.read() == b"bytes"


def test_a_store_that_stays_away_is_given_up(place, buffer, monkeypatch):
    monkeypatch.setattr(object_store, "RETRY_SECONDS", 0.3)
    with pytest.raises(StoreUnavailable):
        object_store.put_patiently(KEY, buffer)


def test_a_store_that_hangs_is_asked_once_and_no_longer_than_it_may_take(hanging_store, buffer, monkeypatch):
    monkeypatch.setattr(object_store, "RETRY_SECONDS", 0.2)
    with pytest.raises(StoreUnavailable, match=r"[Tt]imeout"):
        object_store.put_patiently(KEY, buffer)
    assert len(hanging_store) == 1
