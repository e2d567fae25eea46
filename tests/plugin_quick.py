"""A pytest plugin for `make quick`: a test that starts a process is left out at that moment, and so needs no mark.

Python itself reports each start, whichever module makes it.
"""

import sys
from collections.abc import Generator
from typing import Any

import pytest

STARTS = {"subprocess.Popen", "os.fork", "os.posix_spawn"}

_in_a_test = False


def pytest_configure() -> None:
    sys.addaudithook(_leave_out)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None]:
    yield from _watched()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None]:
    yield from _watched()


def _watched() -> Generator[None]:
    global _in_a_test
    _in_a_test = True
    try:
        return (yield)
    finally:
        _in_a_test = False


def _leave_out(event: str, _: tuple[Any, ...]) -> None:
    if _in_a_test and event in STARTS:
        pytest.skip("starts a process")
