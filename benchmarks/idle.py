"""What four workers cost while there is nothing to do: transactions, and processor time of theirs and PostgreSQL's."""

import statistics
import time

from benchmarks.database_fixture import DatabaseFixture, cluster
from benchmarks.report import Figure, Measurement
from benchmarks.throughput import Cpu
from taskrunner.devserver.embedded.postgres import DATABASE

SETTLING_SECONDS = 10.0  # after a start there is more to look at
SECONDS = 20.0
QUICK_SECONDS = 10.0
TRANSACTIONS = f"SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = '{DATABASE}'"


def measure(fixture: DatabaseFixture) -> Measurement:
    seconds = QUICK_SECONDS if fixture.quick else SECONDS
    with cluster(4) as running:
        time.sleep(SETTLING_SECONDS)
        windows = []
        for _ in range(fixture.runs):
            cpu, before = Cpu(fixture, running), transactions(fixture)
            time.sleep(seconds)
            windows.append((cpu.shares(), (transactions(fixture) - before) / seconds))
    busy = [sum(shares.values()) * 100 for shares, _ in windows]
    rates = [rate for _, rate in windows]
    parts = {part: statistics.median(shares[part] * 100 for shares, _ in windows) for part in windows[0][0]}
    return Measurement(
        [
            Figure("idle, 4 workers: transactions", statistics.median(rates), "/s", 6.0, True, runs=rates),
            Figure("idle, 4 workers: of one core", statistics.median(busy), "%", 1.5, True, parts, busy),
        ]
    )


def transactions(fixture: DatabaseFixture) -> int:
    """As PostgreSQL has counted them; a look of ours is one too, and too few to tell."""
    ((counted,),) = fixture.administer(TRANSACTIONS)
    return int(counted)
