"""A file that is to change: the difference, and writing it, whole or not at all."""

import os
import tempfile
from dataclasses import dataclass
from difflib import unified_diff
from io import StringIO
from pathlib import Path

from queueapp.contrib.celery.importer.findings import Refused
from queueapp.contrib.celery.importer.source import SourceFile


@dataclass(frozen=True, slots=True)
class Change:
    source: SourceFile
    new: bytes

    @property
    def diff(self) -> str:
        """In the unified format, as `git apply` reads it."""
        path, encoding = self.source.path, self.source.encoding
        # not splitlines(), which takes a form feed for an end
        old, new = (list(StringIO(text.decode(encoding))) for text in (self.source.content, self.new))
        return "".join(unified_diff(old, new, f"a/{path}", f"b/{path}"))

    def write(self) -> None:
        """Replace the file's content, with its rights. Raises Refused where it is not what was read any more."""
        file = self.source.file
        if file.read_bytes() != self.source.content:
            raise Refused(0, "has changed since it was read: run the command again")
        descriptor, beside = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with open(descriptor, "wb") as opened:
                os.fchmod(descriptor, file.stat().st_mode & 0o777)
                opened.write(self.new)
            Path(beside).replace(file)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
