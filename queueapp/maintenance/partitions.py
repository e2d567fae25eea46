"""The rows of partitions: those that are idle go, and those that are missing come. Each job walks them by id."""

from queueapp.db import statements
from queueapp.hooks import JobResult, maintenance_job

BATCH = 1_000
BEFORE_ALL = -(2**63)
IDLE_SECONDS = 600  # since the last submission; what is used more often than that keeps its row, and starts at once


@maintenance_job("partitions_pruned", every_seconds=60)
class PartitionPruner:
    """Retires what is idle, and deletes it in a later walk, when nobody can take it for in use any more."""

    def __init__(self) -> None:
        self._after = BEFORE_ALL
        self._fence = 0  # the id of the last call's transaction, when all that was retired before it was committed

    def __call__(self) -> JobResult:
        window = {"after": self._after, "batch": BATCH, "idle_seconds": IDLE_SECONDS, "fence": self._fence}
        found = statements.rows("prune_partitions", window)[0]
        self._fence = found["transaction_id"]
        more = found["read"] == BATCH
        self._after = found["last_id"] if more else BEFORE_ALL
        return JobResult(found["deleted"], more)


@maintenance_job("partitions_found", every_seconds=60)
class LostPartitions:
    """Lists what tasks wait in without anybody's note."""

    def __init__(self) -> None:
        self._after = BEFORE_ALL

    def __call__(self) -> JobResult:
        found = statements.rows("list_lost_partitions", {"after": self._after, "batch": BATCH})[0]
        more = found["read"] == BATCH
        self._after = found["last_id"] if more else BEFORE_ALL
        return JobResult(found["added"], more)
