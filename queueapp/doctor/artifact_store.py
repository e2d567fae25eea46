"""The store of artifacts: there, and shared where it has to be."""

from collections.abc import Iterator

from queueapp.artifacts import object_store
from queueapp.doctor.finding import Finding, fault, ok
from queueapp.errors import StoreUnavailable

PART = "artifacts"


def check() -> Iterator[Finding]:
    try:
        place = object_store.check()
    except StoreUnavailable as error:
        yield fault(
            PART,
            str(error),
            fix='start it, or correct STORAGES["artifacts"] (here: MINIO_ENDPOINT, its keys and MINIO_BUCKET)'
            if object_store.is_shared()
            else "make ARTIFACTS_DIRECTORY a directory that this account may write to",
        )
        return
    shared = "" if object_store.is_shared() else ", for this machine alone (an S3Store in STORAGES is for several)"
    yield ok(PART, f"{place}{shared}")
