"""What it costs that priorities reach from −100 to 100, as django.tasks has them, against 1 to 10, in turn.

Ten of them spread over the range, as projects have them, and every one at once.
"""

import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from benchmarks.claims import PRIORITIES, TENANTS, claim_times, fill
from benchmarks.database_fixture import BATCH, DatabaseFixture, all_done, cluster, make_tenant, pause, resume, wait_for
from benchmarks.report import Figure, Measurement
from benchmarks.throughput import Cpu
from queueapp.models import Queue

# as they are stored
IN_USE = {"1…10": PRIORITIES, "ten of −100…100": range(-95, 105, 22), "each of −100…100": range(-95, 106)}
BASE = "1…10"
ROUNDS = 5
BACKLOG = 20_000
MOST_TIMES = 1.1

Found = TypeVar("Found")
Rounds = dict[str, list[Found]]  # by what is in use


def measure(fixture: DatabaseFixture) -> Measurement:
    tenants = [make_tenant(f"bench-{number}") for number in range(TENANTS)]

    def claims(priorities: Sequence[int]) -> dict[str, Any]:
        fixture.clear()
        fill(fixture, tenants, BACKLOG, "bench.noop", priorities)
        fixture.analyse()
        return claim_times(fixture, tenants, "bench.noop", priorities)

    rounds = in_turn(fixture, claims)
    figures: list[Figure] = []
    for strategy in Queue.Strategy.values:
        times = {name: [each[strategy]["ms"] for each in found] for name, found in rounds.items()}
        figures += compared(f"claim, {strategy}", times, "ms")
    spent = in_turn(fixture, lambda priorities: processor_time(fixture, priorities))
    return Measurement([*figures, *compared("processor time of a task, 2 workers", spent, "µs")])


def in_turn(fixture: DatabaseFixture, find: Callable[[Sequence[int]], Found]) -> Rounds[Found]:
    """What is found with each of them, in turn, so that all meet the same machine."""
    found: Rounds[Found] = {name: [] for name in IN_USE}
    for _ in range(1 if fixture.quick else ROUNDS):
        for name, priorities in IN_USE.items():
            found[name].append(find(priorities))
    return found


def processor_time(fixture: DatabaseFixture, priorities: Sequence[int]) -> float:
    """Microseconds of the workers and PostgreSQL for a no-op. A new cluster: a claimer remembers priorities."""
    fixture.clear()
    with cluster(2) as running:
        fill(fixture, [fixture.tenant], BATCH, "bench.noop", priorities)
        wait_for(all_done, seconds=60)  # the first tasks of new processes cost more
        pause()
        count = BACKLOG // 2 if fixture.quick else BACKLOG * 2
        fill(fixture, [fixture.tenant], count, "bench.noop", priorities)
        fixture.analyse()
        cpu = Cpu(fixture, running)
        resume()
        wait_for(all_done, seconds=600)
        spent = cpu.per_task(count)
    return spent["python_us"] + spent["postgres_us"]


def compared(what: str, rounds: Rounds[float], unit: str) -> Iterator[Figure]:
    base = rounds[BASE]
    for name, found in rounds.items():
        if name != BASE:
            ratio = statistics.median(found) / statistics.median(base)
            detail = {f"{BASE} {unit}": statistics.median(base), f"{name} {unit}": statistics.median(found)}
            runs = [one / other for one, other in zip(found, base, strict=True)]
            yield Figure(f"{what}: priorities {name} against {BASE}", ratio, "×", MOST_TIMES, True, detail, runs)
