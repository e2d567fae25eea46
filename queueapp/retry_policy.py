"""How long a failed task waits before its next try. Pure Python."""

import random

MAX_DELAY_SECONDS = 300.0
JITTER = 0.1


def retry_delay_seconds(
    failures: int,
    *,
    base_seconds: float = 1.0,
    max_seconds: float = MAX_DELAY_SECONDS,
    jitter: float = JITTER,
) -> float:
    """min(base · 2^(failures − 1), max) ± jitter, for the given number of failures so far (1 = first)."""
    # the exponent is capped so that a task retried thousands of times cannot overflow the float
    delay = min(base_seconds * 2.0 ** min(failures - 1, 60), max_seconds)
    return delay * random.uniform(1 - jitter, 1 + jitter)  # noqa: S311 (jitter, not a secret)
