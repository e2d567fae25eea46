"""The store of artifacts: there, and shared where it has to be."""

from collections.abc import Iterator

from django.conf import settings

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
            fix="start it, or correct MINIO_ENDPOINT, its keys and MINIO_BUCKET"
            if _is_s3()
            else "make ARTIFACTS_DIRECTORY a directory that this account may write to",
        )
        return
    shared = "" if _is_s3() else ", for this machine alone (MINIO_ENDPOINT names a store for several)"
    yield ok(PART, f"{place}{shared}")


def _is_s3() -> bool:
    return bool(settings.STORAGES.get("artifacts", {}).get("BACKEND", "").endswith("S3Store"))
