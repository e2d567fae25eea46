"""Up to where the order of arrival is decided: what no transaction can add to any more."""

from queueapp.db import statements


class CommitHorizon:
    """Follows the numbers that tasks draw when they become ready.

    They are drawn before their transactions commit, and transactions commit out of order. A transaction has its id
    before it draws (schema/20_tasks.sql), so once all ids are gone that were given out before some moment,
    every number drawn before it is decided. A snapshot that only reads holds nothing up.
    """

    def __init__(self) -> None:
        self.reached = 0  # no task can become visible with this number or a lower one
        self.drawn = 0  # the last number drawn as of the poll before this one
        self._drawn_now = 0
        self._awaited = (0, 0)  # a number, and the id that all transactions that drew up to it are below

    def poll(self) -> None:
        """Read how far the numbers and the transactions are. Needs a worker's scope."""
        (now,) = statements.rows("arrival_horizon")
        self.drawn, self._drawn_now = self._drawn_now, now["drawn"]
        number, above_all = self._awaited
        if now["oldest_running"] >= above_all:
            self.reached = number
            # of the poll before this one: what was drawn since belongs to ids that this snapshot may not count yet
            self._awaited = (self.drawn, now["next_id"])
