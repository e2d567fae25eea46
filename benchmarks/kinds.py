"""What many types in one queue, and many queues served, cost beside one of each."""

import statistics

from benchmarks.database_fixture import ACTOR, QUEUE, DatabaseFixture, cluster
from benchmarks.handlers import register_kinds
from benchmarks.report import Figure, Measurement
from benchmarks.throughput import run, steady_rate
from queueapp.models import Queue
from queueapp.tenancy import operator_scope

TYPES = (1, 100, 1_000)
QUEUES = 100
LEAST_OF_TYPES, LEAST_OF_QUEUES = 0.6, 0.9


def measure(fixture: DatabaseFixture) -> Measurement:
    """Queues first: what a thousand types leave behind would be measured with them."""
    return Measurement([*queue_figures(fixture), *type_figures(fixture)])


def queue_figures(fixture: DatabaseFixture) -> list[Figure]:
    """All tasks are in one queue. In turn, so that both meet the same machine."""
    others = [f"{QUEUE}-{number}" for number in range(1, QUEUES)]
    with operator_scope(ACTOR):
        Queue.objects.bulk_create([Queue(name=name) for name in others])
    one, all_of_them = [], []
    for _ in range(fixture.runs):
        one.append(rate(fixture, ["bench.noop"]))
        all_of_them.append(rate(fixture, ["bench.noop"], *others))
    share = statistics.median(all_of_them) / statistics.median(one)
    shares = [many / few for many, few in zip(all_of_them, one, strict=True)]
    return [
        Figure("one queue served", statistics.median(one), "/s", runs=one),
        Figure(f"{QUEUES} queues served, tasks in one", statistics.median(all_of_them), "/s", runs=all_of_them),
        Figure(f"{QUEUES} queues served, share of one", share, "", LEAST_OF_QUEUES, runs=shares),
    ]


def type_figures(fixture: DatabaseFixture) -> list[Figure]:
    names = register_kinds(max(TYPES))
    rates = {count: [rate(fixture, names[:count], kinds=count) for _ in range(fixture.runs)] for count in TYPES}
    median = {count: statistics.median(runs) for count, runs in rates.items()}
    again = [rate(fixture, names[:1], kinds=max(TYPES)) for _ in range(fixture.runs)]
    share = median[max(TYPES)] / median[1]
    shares = [many / few for many, few in zip(rates[max(TYPES)], rates[1], strict=True)]
    return [
        *(Figure(f"types in a queue, mixed: {count:,}", median[count], "/s", runs=rates[count]) for count in TYPES),
        Figure(f"{max(TYPES):,} types mixed, share of one", share, "", LEAST_OF_TYPES, runs=shares),
        Figure(f"one type where {max(TYPES):,} were", statistics.median(again), "/s", runs=again),
    ]


def rate(fixture: DatabaseFixture, types: list[str], *queues: str, kinds: int = 0) -> float:
    """Tasks a second of four workers that have so many more types, have just started and are warm."""
    with cluster(4, *queues, BENCH_KINDS=str(kinds)) as running:
        count = int(steady_rate(fixture, running, *types) * fixture.seconds)
        return float(run(fixture, running, count, *types)["rate"])
