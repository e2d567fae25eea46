"""How many tasks to claim at once: a batch should be about 100 ms of work."""

BATCH_SECONDS = 0.1
LARGEST_BATCH = 100
WEIGHT_OF_NEWEST = 0.2


class BatchSizes:
    """Moving averages of how long each type's tasks take, and the batch sizes that follow."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def record(self, type: str, seconds: float) -> None:
        """Note one run. A slow one counts at once, so that the next batch is small again."""
        average = self._seconds.get(type, seconds)
        smoothed = average + WEIGHT_OF_NEWEST * (seconds - average)
        self._seconds[type] = seconds if seconds > BATCH_SECONDS else smoothed

    def size_for(self, type: str) -> int:
        """1 for a type never seen or slow, up to 100 for tiny ones."""
        seconds = self._seconds.get(type)
        if seconds is None:
            return 1
        return max(1, min(LARGEST_BATCH, int(BATCH_SECONDS / max(seconds, 1e-6))))
