"""How many tasks to claim at once: a batch should be about 100 ms of work."""

from collections.abc import Iterable

BATCH_SECONDS = 0.1
LARGEST_BATCH = 100
SMALL_BATCH = 20  # of what is settled one by one
WEIGHT_OF_NEWEST = 0.2


class BatchSizes:
    """Moving averages of how long the tasks of each type take, and those of each queue, and the batches that follow.

    A type that was never seen is taken for an average one of its queue: a slow task gives the rest of its batch back.
    """

    def __init__(self) -> None:
        self._types = _Averages()
        self._queues = _Averages()

    def record(self, type: str, queue: str, seconds: float) -> None:
        """Note one run."""
        self._types.record(type, seconds)
        self._queues.record(queue, seconds)

    def of(self, types: Iterable[str], queue: str) -> list[int]:
        """The batch size of each of these types of a queue: 1 for slow ones, up to 100 for tiny ones."""
        known, unknown = self._types.sizes, self._queues.sizes.get(queue, 1)
        return [known.get(type, unknown) for type in types]


class _Averages:
    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}
        self._seconds: dict[str, float] = {}

    def record(self, name: str, seconds: float) -> None:
        """A slow one counts at once, so that the next batch is small again."""
        average = self._seconds.get(name, seconds)
        smoothed = average + WEIGHT_OF_NEWEST * (seconds - average)
        self._seconds[name] = average = seconds if seconds > BATCH_SECONDS else smoothed
        self.sizes[name] = max(1, min(LARGEST_BATCH, int(BATCH_SECONDS / max(average, 1e-6))))
