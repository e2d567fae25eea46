"""How long a failed task waits before its next try. Pure Python."""

import random

MAX_DELAY_SECONDS = 300.0
JITTER = 0.1


def retry_delay_seconds(failures: int, *, base_seconds: float = 1.0) -> float:
    """min(base · 2^(failures − 1), 300 s) ± 10 %, for the given number of failures so far (1 = first)."""
    # the exponent is capped so that a task retried thousands of times cannot overflow the float
    delay = min(base_seconds * 2.0 ** min(failures - 1, 60), MAX_DELAY_SECONDS)
    return delay * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 (jitter, not a secret)
