"""What a search asks, spelled in one way only: equal questions share an answer."""

import re
from dataclasses import dataclass
from hashlib import sha256

BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


def collapsed(text: str) -> str:
    """The words with one space between them; control characters count as spaces, case is kept."""
    return BLANKS.sub(" ", text).strip()


@dataclass(frozen=True, slots=True)
class Question:
    """A query, how old its results may be in days (0: of any age), and how many are wanted."""

    query: str
    recency_days: int
    count: int

    def key(self, source: str) -> str:
        """The key in Redis under which one source's answer is kept."""
        digest = sha256(f"{self.query}|{source}|{self.recency_days}|{self.count}".encode()).hexdigest()
        return f"search:v1:{digest}"
