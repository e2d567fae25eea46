"""The same as snapshot, for as long as a careless report or backup would hold one."""

from benchmarks.database_fixture import Ground
from benchmarks.report import TransitionResult
from benchmarks.snapshot import compare

SECONDS = 300.0


def measure(ground: Ground) -> TransitionResult:
    return TransitionResult(compare(ground, SECONDS, "priority"))
