"""Up to where the order of arrival is decided: what no transaction can add to any more."""

from typing import Any, NamedTuple


class Numbers(NamedTuple):
    """How far the numbers and the transactions were at a poll (sql/poll.sql)."""

    drawn: int
    oldest_running: int
    own_id: int | None


class CommitHorizon:
    """Follows the numbers that tasks draw when they become ready.

    They are drawn before their transactions commit, and transactions commit out of order. A transaction has its id
    before it draws (schema/20_tasks.sql), so once all ids are gone that were given out before some moment,
    every number drawn before it is decided. A snapshot that only reads holds nothing up.
    """

    def __init__(self) -> None:
        self.reached = 0  # no task can become visible with this number or a lower one
        self.drawn = 0  # the last number drawn as of the poll before this one
        self.newest = 0  # the last number drawn as of the last poll
        self._awaited = (0, 0)  # a number, and the id that all transactions that drew up to it are below

    @property
    def awaits(self) -> dict[str, Any]:
        """What the next poll must ask."""
        number, above_all = self._awaited
        return {"is_more": self.newest > number, "awaited_id": above_all}

    def take(self, now: Numbers) -> None:
        """What the poll was answered."""
        number, above_all = self._awaited
        self.drawn, self.newest = self.newest, now.drawn
        if now.oldest_running >= above_all:
            self.reached = number
        if now.own_id is not None:
            # what was drawn as of the poll before this one, whose transaction had ended before this one's took its id
            self._awaited = (self.drawn, now.own_id)
