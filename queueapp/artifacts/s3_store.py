"""The store of many machines: a bucket of any S3. Errors become OSError, so that only this module knows botocore."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from secrets import token_hex
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files import File
from storages.backends.s3 import S3Storage

from queueapp.artifacts.upload_buffer import PIECE_BYTES

# A store that hangs must not hold a request or a handler for long; the caller retries, so botocore must not.
CONNECT_SECONDS, READ_SECONDS = 3, 15
DENIED = frozenset({"AccessDenied", "403"})  # a wrong key or signature has a code of its own
PROBE = ".probe"


class S3Store(S3Storage):  # type: ignore[misc]
    """django-storages' S3 storage, streaming both ways in the caller's thread, over one client for all threads."""

    @cached_property
    def client(self) -> Any:
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=64,
            # newer defaults that not every S3 understands
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        options = {"region_name": self.region_name, "endpoint_url": self.endpoint_url, "config": config}
        return self._create_session().client("s3", **options)

    def _save(self, name: str, content: Any) -> str:
        """One request, which leaves the whole object or nothing; the store checks the digest."""
        with _os_errors():
            self.client.put_object(
                Bucket=self.bucket_name,
                Key=name,
                Body=content.file,
                ContentLength=content.size,
                ChecksumSHA256=b64encode(bytes.fromhex(content.sha256)).decode(),
            )
        return name

    def _open(self, name: str, mode: str = "rb") -> "File[Any]":
        return File(ObjectReader(self, name), name)  # type: ignore[arg-type]  # reads, seeks and closes, which is all we do

    def delete(self, name: str) -> None:
        """Raises nothing if the object does not exist."""
        with _os_errors():
            self.client.delete_object(Bucket=self.bucket_name, Key=name)

    def check(self) -> str:
        """The address of the bucket. Raises OSError if it cannot be reached."""
        try:
            with _os_errors():
                self.client.head_bucket(Bucket=self.bucket_name)
        except PermissionError:  # to look at a bucket takes the right to list it, which nothing else needs
            if not self.may_read_beside("doctor"):
                raise
        return f"{self.endpoint_url}/{self.bucket_name}"

    def may_read_beside(self, name: str) -> bool:
        """Whether an object of nearly this name can be written and read. Raises OSError where it cannot be written."""
        # of a name of its own, since several may look at a time and each deletes its probe
        probe = {"Bucket": self.bucket_name, "Key": f"{name}.{token_hex(8)}{PROBE}"}
        with _os_errors():
            self.client.put_object(**probe, Body=b"")
        try:
            with _os_errors():
                self.client.get_object(**probe)["Body"].close()
        except PermissionError:
            return False
        finally:
            self.delete(probe["Key"])
        return True


class ObjectReader:
    """An object as a file to read forwards, from any place. It is requested at the first read."""

    def __init__(self, store: S3Store, key: str) -> None:
        self._store = store
        self._key = key
        self._start = 0
        self._body: Any = None

    def seek(self, offset: int) -> int:
        """Before the first read."""
        self._start = offset
        return offset

    def read(self, size: int = -1) -> bytes:
        """Raises FileNotFoundError if there is no such object, OSError if the store fails."""
        try:
            with _os_errors():
                if self._body is None:
                    self._body = self._requested()
                return bytes(self._body.read(None if size < 0 else size))
        except PermissionError as error:
            # to who may not list the bucket, S3 answers so for an object that is not there
            if self._store.may_read_beside(self._key):
                raise FileNotFoundError(str(error)) from error
            raise

    def _requested(self) -> Any:
        """The object from its start on. A store, or a cache before it, that ignores Range sends all of it."""
        extra = {"Range": f"bytes={self._start}-"} if self._start else {}
        response = self._store.client.get_object(Bucket=self._store.bucket_name, Key=self._key, **extra)
        body, sent = response["Body"], response.get("ContentRange", "bytes 0-")
        if not sent.startswith(("bytes 0-", f"bytes {self._start}-")):
            raise OSError(f"the store sent {sent!r:.80} when asked from byte {self._start} on")
        left = self._start if sent.startswith("bytes 0-") else 0
        while left and (piece := body.read(min(PIECE_BYTES, left))):
            left -= len(piece)
        return body

    def close(self) -> None:
        if self._body is not None:
            self._body.close()


@contextmanager
def _os_errors() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in ("NoSuchKey", "404") and error.operation_name == "GetObject":
            raise FileNotFoundError(str(error)) from error
        raise (PermissionError if code in DENIED else OSError)(str(error)) from error
    except BotoCoreError as error:
        raise OSError(str(error)) from error
