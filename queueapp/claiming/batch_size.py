"""How many tasks to claim at once: a set should be about 100 ms of work."""

SET_SECONDS = 0.1
LARGEST_SET = 100
WEIGHT_OF_NEWEST = 0.2


class BatchSize:
    """Moving averages of how long each type's tasks take, and the set sizes that follow."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def record(self, type: str, seconds: float) -> None:
        """Note one run. A slow one counts at once, so that the next set is small again."""
        average = self._seconds.get(type, seconds)
        smoothed = average + WEIGHT_OF_NEWEST * (seconds - average)
        self._seconds[type] = seconds if seconds > SET_SECONDS else smoothed

    def batch_size(self, type: str) -> int:
        """1 for a type never seen or slow, up to 100 for tiny ones."""
        seconds = self._seconds.get(type)
        if seconds is None:
            return 1
        return max(1, min(LARGEST_SET, int(SET_SECONDS / max(seconds, 1e-6))))
