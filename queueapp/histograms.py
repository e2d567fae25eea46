"""Times counted in 24 buckets, each twice as wide as the one before: percentiles of any window, from sums.

The first holds what took less than a millisecond, the last what took 70 minutes or more. schema/20_tasks.sql has the
same bounds, and a test compares.
"""

from collections.abc import Sequence

BUCKETS = 24
BOUNDS = tuple(0.001 * (1 << power) for power in range(BUCKETS - 1))  # seconds: where each bucket but the first begins


def percentile(histogram: Sequence[int] | None, q: float) -> float | None:
    """The time in seconds within which a share `q` (0–1) of what was counted lies, to a factor of two at the most.

    Between the bounds of its bucket it is taken to grow evenly. None where nothing was counted; of the last bucket,
    which has no end, the start.
    """
    total = sum(histogram or ())
    if not histogram or not total:
        return None
    left = q * total
    for bucket, counted in enumerate(histogram):
        if counted and left <= counted:
            start = BOUNDS[bucket - 1] if bucket else 0.0
            end = BOUNDS[bucket] if bucket < len(BOUNDS) else start
            return start + (end - start) * left / counted
        left -= counted
    return BOUNDS[-1]
