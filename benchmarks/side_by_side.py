"""No-op tasks of ours in batches and of pgqueuer at its better setting, in turn, so that both meet the same machine."""

import statistics

from benchmarks.database_fixture import DatabaseFixture, cluster
from benchmarks.peers import PGQUEUER, drive
from benchmarks.report import Figure, Measurement
from benchmarks.throughput import run, steady_rate

ROUNDS = 5
QUICK_ROUNDS = 2
LEAST_RATIO = 1.15


def measure(fixture: DatabaseFixture) -> Measurement:
    rounds = [one_round(fixture) for _ in range(QUICK_ROUNDS if fixture.quick else ROUNDS)]
    ours, theirs = ([each[number] for each in rounds] for number in range(2))
    ratios = [one / other for one, other in rounds]
    ratio = statistics.median(ours) / statistics.median(theirs)
    return Measurement(
        [
            Figure("no-op tasks, 4 workers, in batches, beside pgqueuer", statistics.median(ours), "/s", runs=ours),
            Figure("no-op tasks, pgqueuer at its better setting", statistics.median(theirs), "/s", runs=theirs),
            Figure("ours against pgqueuer's", ratio, "×", LEAST_RATIO, runs=ratios),
        ]
    )


def one_round(fixture: DatabaseFixture) -> tuple[float, float]:
    """Neither's workers run while the other's are measured. Raises PeerFailed."""
    with cluster(4) as running:
        count = int(steady_rate(fixture, running, "bench.noop") * fixture.seconds)
        ours = run(fixture, running, count, "bench.noop")["rate"]
    fixture.clear()
    return ours, drive(fixture, PGQUEUER, "better", "rate", runs=1)["rate"]
