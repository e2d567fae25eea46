"""The bytes of an upload: counted, hashed and limited; up to 1 MiB is kept in memory, more on disk."""

import hashlib
import logging
from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import IO, Any, Self

from django.core.files import File

from queueapp.errors import ArtifactTooLarge
from queueapp.limits.tenant_limits import limits_of

logger = logging.getLogger(__name__)

MEBIBYTE = 2**20
PIECE_BYTES = 65_536

Content = bytes | bytearray | memoryview | str | IO[bytes] | Iterable[bytes]


def limit_bytes(tenant_limits: dict[str, Any], lowered: dict[str, Any]) -> int:
    """The largest artifact of this tenant, in bytes."""
    return limits_of("", tenant_limits, lowered).task_max_artifact_bytes


class UploadBuffer:
    """A context manager that takes bytes up to its limit and drops them at the end of the block."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self._digest = hashlib.sha256()
        self._file = SpooledTemporaryFile(max_size=MEBIBYTE)  # noqa: SIM115 (closed in __exit__)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def write(self, piece: bytes) -> None:
        """Raises ArtifactTooLarge."""
        self.size += len(piece)
        if self.size > self.limit:
            details = {"event": "artifact_rejected", "reason": ArtifactTooLarge.code}
            figures = {"size_mb": round(self.size / MEBIBYTE, 1), "limit_mb": self.limit / MEBIBYTE}
            logger.warning("artifact rejected", extra={**details, **figures})
            raise ArtifactTooLarge(self.limit)
        self._digest.update(piece)
        self._file.write(piece)

    def as_file(self) -> "BufferedFile":
        """Its bytes, from the first."""
        self._file.seek(0)
        return BufferedFile(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


class BufferedFile(File):  # type: ignore[type-arg]
    """The file that a store writes; knows its size and digest."""

    def __init__(self, buffer: UploadBuffer) -> None:
        super().__init__(buffer._file)
        self.size = buffer.size
        self.sha256 = buffer.sha256


def pieces_of(content: Content) -> Iterator[bytes]:
    """The content that a handler attaches, as pieces of bytes. Raises TypeError for an invalid type."""
    if isinstance(content, str):
        yield content.encode()
    elif isinstance(content, bytes | bytearray | memoryview):
        yield bytes(content)
    else:
        read = getattr(content, "read", None)
        for piece in iter(lambda: read(PIECE_BYTES), b"") if read else content:
            if not isinstance(piece, bytes):
                raise TypeError(f"an artifact's content must yield bytes, not {type(piece).__name__}")
            yield piece
