"""What a queued and a finished task take up in Redis and in PostgreSQL."""

from benchmarks.database_fixture import DatabaseFixture, all_done, cluster, pause, resume, wait_for
from benchmarks.report import Figure, Measurement
from queueapp.redis.connections import redis_client

TABLES = ("taskrunner_tasks", "taskrunner_task_logs", "taskrunner_task_deltas")
SIZES = ", ".join(f"pg_total_relation_size('{table}')::int8" for table in TABLES)
MIB = 1_048_576


def measure(fixture: DatabaseFixture) -> Measurement:
    queued, finished = (50_000, 20_000) if fixture.quick else (1_000_000, 200_000)
    pause()
    with cluster(4) as running:
        empty = redis_bytes()
        fixture.submit(queued)
        redis_mib = (redis_bytes() - empty) / MIB
        waiting = postgres_bytes(fixture)
        fixture.clear()
        fixture.submit(finished)
        fixture.analyse()
        resume()
        wait_for(all_done, seconds=300)
        done = postgres_bytes(fixture)
        workers = running.workers
    fixture.administer("VACUUM FULL taskrunner_tasks", "VACUUM FULL taskrunner_task_logs")
    packed = postgres_bytes(fixture)
    return Measurement(
        [
            Figure("Redis, all of it", redis_mib, "MiB", 1.0, True, {"queued tasks": queued, "idle workers": workers}),
            figure("PostgreSQL, a queued task", waiting, queued, 450),
            figure("PostgreSQL, a finished task with its log", done, finished, 1_100),
            figure("the same, packed", packed, finished, None),
        ]
    )


def redis_bytes() -> int:
    return int(redis_client().info("memory")["used_memory"])


def postgres_bytes(fixture: DatabaseFixture) -> dict[str, int]:
    """Tables with their indexes and TOAST, as they stand on the disk."""
    (sizes,) = fixture.administer(f"SELECT {SIZES}")
    return dict(zip(TABLES, sizes, strict=True))


def figure(name: str, sizes: dict[str, int], tasks: int, goal: float | None) -> Figure:
    each = {table: round(size / tasks, 1) for table, size in sizes.items()}
    return Figure(name, sum(sizes.values()) / tasks, "B", goal, True, each)
