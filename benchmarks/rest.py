"""The REST API under load, each request beside a bare DRF view's on the same gunicorn, and lists of a long history."""

import json
import statistics
import subprocess
import sys
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connections

from benchmarks.bare import BareRow
from benchmarks.database_fixture import DatabaseFixture, make_tenant
from benchmarks.latency import percentile
from benchmarks.machine import ROOT
from benchmarks.report import Figure, Measurement, Table
from queueapp import tasks
from queueapp.apikeys import create_key
from queueapp.models import Tenant
from queueapp.tenancy import operator_scope
from queueapp.tenancy.grants import grant_tables
from tests.rest.live import live_server

CONNECTIONS = 8
TENANTS = 50
BULK = 50
TASK = {"type": "bench.noop", "params": {}}
LISTS = ("", "?status=queued", "?type=bench.noop", "?type=bench.clock", "?limit=200")


@dataclass(frozen=True)
class Load:
    """A live server, and how long to ask it."""

    port: int
    key: str
    seconds: float

    def times(self, method: str, path: str, body: Any = None, connections: int = CONNECTIONS) -> list[float]:
        """Sorted milliseconds of every request."""
        specification = {"port": self.port, "key": self.key, "method": method, "path": path, "body": body}
        specification |= {"connections": connections, "seconds": self.seconds}
        command = [sys.executable, "-m", "benchmarks.load"]
        done = subprocess.run(
            command, input=json.dumps(specification), cwd=ROOT, check=True, capture_output=True, text=True
        )
        return sorted(json.loads(done.stdout))

    def rate(self, method: str, path: str, body: Any = None) -> float:
        return len(self.times(method, path, body)) / self.seconds


def measure(fixture: DatabaseFixture) -> Measurement:
    tenants = [make_tenant(f"bench-{number}") for number in range(TENANTS)]
    with operator_scope("operator:benchmark"):
        # the limit is counted, and never reached
        Tenant.objects.filter(slug__startswith="bench").update(limits={"tasks_per_minute": 1_000_000})
        _, key = create_key(Tenant.objects.get(id=tenants[0]), "bench", "client")
    make_bare_table()
    sizes = (10_000, 50_000) if fixture.quick else (10_000, 1_000_000)
    # with the log that users have by default
    with live_server(DJANGO_SETTINGS_MODULE="benchmarks.settings", LOG_LEVEL="INFO") as server:
        load = Load(server.port, key, fixture.seconds)
        load.rate("POST", "/api/v1/tasks", TASK)  # warm
        figures = beside_bare(fixture, load, tenants[0])
        lists = {}
        for size in sizes:
            fill(fixture, tenants, size)
            lists[size] = {path: load.times("GET", f"/api/v1/tasks{path}", connections=1) for path in LISTS}
    return Measurement([*figures, *list_figures(lists)], [list_table(lists)])


def make_bare_table() -> None:
    owner, login = connections["owner"], connections["default"].settings_dict["USER"]
    with owner.schema_editor() as editor:
        editor.create_model(BareRow)
    with owner.cursor() as cursor:
        grant_tables(cursor, [BareRow._meta.db_table], login)


def beside_bare(fixture: DatabaseFixture, load: Load, tenant: UUID) -> list[Figure]:
    """Rounds of all of them, so that a slow moment of the machine slows each."""
    task, row = one_of_each(tenant)
    asked = {
        "POST bare": ("POST", "/bare", TASK),
        "POST /tasks": ("POST", "/api/v1/tasks", TASK),
        "GET bare": ("GET", f"/bare/{row}", None),
        "GET /tasks/{id}": ("GET", f"/api/v1/tasks/{task}", None),
        "POST /tasks/bulk": ("POST", "/api/v1/tasks/bulk", {"tasks": [TASK] * BULK}),
    }
    rounds = [{name: load.rate(*request) for name, request in asked.items()} for _ in range(fixture.runs)]
    runs = {name: [one[name] for one in rounds] for name in asked}
    return [
        per_second("POST bare", runs),
        per_second("POST /tasks", runs),
        share_of_bare("POST /tasks", "POST bare", runs, 0.8),
        per_second("GET bare", runs),
        per_second("GET /tasks/{id}", runs),
        share_of_bare("GET /tasks/{id}", "GET bare", runs, None),
        bulk_figure([each * BULK for each in runs["POST /tasks/bulk"]]),
    ]


def per_second(name: str, runs: dict[str, list[float]]) -> Figure:
    return Figure(f"{name}, LOG_LEVEL INFO", statistics.median(runs[name]), "/s", runs=runs[name])


def share_of_bare(name: str, bare: str, runs: dict[str, list[float]], goal: float | None) -> Figure:
    share = statistics.median(runs[name]) / statistics.median(runs[bare])
    shares = [one / other for one, other in zip(runs[name], runs[bare], strict=True)]
    return Figure(f"{name}, share of bare", share, "", goal, runs=shares)


def bulk_figure(rates: list[float]) -> Figure:
    return Figure(f"POST /tasks/bulk of {BULK}", statistics.median(rates), " tasks/s", 5_000, runs=rates)


def one_of_each(tenant: UUID) -> tuple[UUID, UUID]:
    """A task and a bare row to read."""
    return tasks.submit("bench.noop", tenant_id=tenant).id, BareRow.objects.create(type="bench.noop", params={}).id


def fill(fixture: DatabaseFixture, tenants: list[UUID], size: int) -> None:
    """Exactly so many tasks, a fiftieth of them each tenant's; one in a hundred of a rare type."""
    fixture.clear()
    for tenant in tenants:
        fixture.submit(size // TENANTS - size // TENANTS // 100, tenant=tenant)
        fixture.submit(size // TENANTS // 100, "bench.clock", tenant=tenant)
    fixture.administer("VACUUM ANALYZE taskrunner_tasks")


def list_figures(lists: dict[int, dict[str, list[float]]]) -> list[Figure]:
    least, most = lists.values()
    return [
        Figure(
            f"GET /tasks{path}, p95 at {max(lists):,} against {min(lists):,}",
            percentile(most[path], 95) / percentile(least[path], 95),
            "×",
            1.5,
            at_most=True,
        )
        for path in LISTS
    ]


def list_table(lists: dict[int, dict[str, list[float]]]) -> Table:
    rows = [[f"GET /tasks{path}", *(percentile(of[path], 95) for of in lists.values())] for path in LISTS]
    return Table(f"p95 in ms, {TENANTS} tenants", ["", *(f"{size:,} tasks" for size in lists)], rows)
