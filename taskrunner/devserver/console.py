"""Plain lines on standard output, at once, for `up` and `demo`."""

import sys
import time
from collections.abc import Callable
from typing import TypeVar

# for the scenes, which are another process: when `make demo` began, by the monotonic clock that a machine has one of
BEGAN = "TASKRUNNER_DEMO_BEGAN"

Result = TypeVar("Result")


def say(line: str = "") -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def timed(step: str, action: Callable[[], Result]) -> Result:
    """Do one step and say how long it took."""
    began = time.monotonic()
    result = action()
    say(f"  {step:<24}{time.monotonic() - began:5.1f} s")
    return result
