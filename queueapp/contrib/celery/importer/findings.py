"""What the importer has to say, each with its place."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    MAPS = "maps"
    DIFFERS = "differs"  # it maps, and behaves a little differently
    EDIT = "edit"  # works until Celery goes; needs a hand
    NOT_YET = "not yet"
    REFUSED = "refused"  # a file that was not read


@dataclass(frozen=True, slots=True)
class Finding:
    """`path` is relative to the project."""

    verdict: Verdict
    path: str
    line: int
    subject: str
    words: str

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Refused(Exception):
    """A file cannot be read as source: the line, and which limit or rule it breaks."""

    def __init__(self, line: int, words: str) -> None:
        self.line, self.words = line, words
        super().__init__(f"line {line}: {words}")


@dataclass
class Report:
    findings: list[Finding] = field(default_factory=list)

    def add(self, verdict: Verdict, path: str, line: int, subject: str, words: str) -> None:
        self.findings.append(Finding(verdict, path, line, subject, words))

    @contextmanager
    def refusals(self, path: str) -> Iterator[None]:
        """What is refused inside becomes a finding."""
        try:
            yield
        except Refused as refused:
            self.add(Verdict.REFUSED, path, refused.line, "file", refused.words)

    def sorted(self) -> list[Finding]:
        order = list(Verdict)
        return sorted(self.findings, key=lambda each: (order.index(each.verdict), each.path, each.line))
