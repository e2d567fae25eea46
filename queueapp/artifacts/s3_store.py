"""The store of many machines: a bucket of any S3. Errors become OSError, so that only this module knows botocore."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files import File
from storages.backends.s3 import S3Storage

# A store that hangs must not hold a request or a handler for long; the caller retries, so botocore must not.
CONNECT_SECONDS, READ_SECONDS = 3, 15


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
        with _os_errors():
            self.client.head_bucket(Bucket=self.bucket_name)
        return f"{self.endpoint_url}/{self.bucket_name}"


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
        with _os_errors():
            if self._body is None:
                extra = {"Range": f"bytes={self._start}-"} if self._start else {}
                response = self._store.client.get_object(Bucket=self._store.bucket_name, Key=self._key, **extra)
                self._body = response["Body"]
            return bytes(self._body.read(None if size < 0 else size))

    def close(self) -> None:
        if self._body is not None:
            self._body.close()


@contextmanager
def _os_errors() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "404") and error.operation_name == "GetObject":
            raise FileNotFoundError(str(error)) from error
        raise OSError(str(error)) from error
    except BotoCoreError as error:
        raise OSError(str(error)) from error
