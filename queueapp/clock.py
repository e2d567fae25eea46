"""What time it is. All of the platform's Python asks here, all of its SQL taskrunner_now() and taskrunner_clock().

So that a test can move the clock (queueapp/testing/clock.py), and nothing else can.
"""

from datetime import UTC, datetime


def now() -> datetime:
    """The wall clock's time, in UTC."""
    return datetime.now(UTC)
