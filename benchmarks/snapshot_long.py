"""The same as snapshot, for as long as a careless report or backup would hold one."""

from benchmarks.database_fixture import DatabaseFixture
from benchmarks.report import Measurement
from benchmarks.snapshot import compare

SECONDS = 300.0


def measure(fixture: DatabaseFixture) -> Measurement:
    return Measurement(compare(fixture, SECONDS, "priority"))
