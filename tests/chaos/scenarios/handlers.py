"""Handlers that hold the interpreter, and handlers that do all that no handler should."""

import time
from typing import Any
from uuid import UUID

from queueapp import tasks
from queueapp.models import Task, Tenant
from queueapp.tenancy import operator_scope
from taskrunner.devserver.embedded import EmbeddedServers
from tests.chaos.figures import figures
from tests.chaos.world import World
from tests.samples.hell import HELL
from tests.waiting import wait_until

PULSE_SECONDS = 5.0  # a worker that is silent for longer is suspicious
LONGEST_CANCEL_SECONDS = 2.0


def interpreter_held(world: World, servers: EmbeddedServers, scale: float) -> dict[str, Any]:
    """Among short tasks, two at once keep the interpreter with C code for 6 to 20 s of processor time."""
    seconds = [6, 6, 9, 9, 12, 12, 20, 20][: max(2, int(8 * scale))]
    limit = 120 if scale >= 1 else 600  # other tests run beside short ones
    per_second = _additions_per_second()
    held, canaries = [], []
    for one, other in zip(seconds[::2], seconds[1::2], strict=True):
        computing = [
            world.submit_one("sample.hold_interpreter", timeout_seconds=limit, count=int(each * per_second))
            for each in (one, other)
        ]
        while world.count(id__in=computing, status="completed") < 2:
            world.submit(20)
            canaries.append(world.canary_seconds())
            time.sleep(0.5)
            assert not world.count(id__in=computing, status="dead_letter"), "a computing task is a dead letter"
        held += [float(world.result_of(task)) for task in computing]
    world.heal()
    assert min(held) > PULSE_SECONDS, f"the interpreter was held for {held} s only"
    return {"interpreter_held_seconds": figures(held), "canary_seconds": figures(canaries)}


def _additions_per_second() -> float:
    count, before = 20_000_000, time.process_time()
    sum(range(count))
    return count / (time.process_time() - before)


def handlers_from_hell(world: World, servers: EmbeddedServers, scale: float) -> dict[str, Any]:
    """Every handler of tests/samples/hell.py among the honest tasks of another tenant, whose cancels are obeyed."""
    honest, rounds = max(500, int(5000 * scale)), max(1, int(5 * scale))
    cancels: list[float] = []
    with operator_scope("operator:chaos"):
        hell = Tenant.objects.create(slug="hell", name="Hell").id
    for _ in range(rounds):
        misbehaving = tasks.submit_many([{"type": type, "timeout_seconds": 10} for type in HELL], tenant_id=hell)
        world.submitted += len(misbehaving)
        world.submit(honest // rounds)
        while world.count(id__in=misbehaving, status__in=("scheduled", "queued", "leased")):
            cancels.append(_cancel_seconds(world))
    world.heal()
    patience = LONGEST_CANCEL_SECONDS if scale >= 1 else 5 * LONGEST_CANCEL_SECONDS  # other tests run beside short ones
    assert max(cancels) <= patience, f"a cancel took {max(cancels)} s"
    return {"types": len(HELL), "cancel_seconds": figures(cancels), "ended_otherwise": _ended_otherwise(hell)}


def _cancel_seconds(world: World) -> float:
    """How long a running honest task runs on after its cancel."""
    task = world.submit_one("sample.record", mark=str(world.marks), seconds=60)
    wait_until(lambda: _is_running(world, task))
    started = time.monotonic()
    tasks.cancel(task, tenant_id=world.tenant)
    wait_until(lambda: world.count(id=task, status="cancelled"))
    return time.monotonic() - started


def _is_running(world: World, task: UUID) -> bool:
    return world.marks.exists() and f"{task} " in world.marks.read_text()


def _ended_otherwise(hell: UUID) -> dict[str, list[str]]:
    """The types some of whose tasks did not end as hell.py says."""
    found: dict[str, list[str]] = {}
    with operator_scope("operator:chaos"):
        for task in Task.objects.filter(tenant_id=hell):
            if (task.error_code or "") != HELL[task.type]:
                found.setdefault(task.type, []).append(task.error_code or task.status)
    return found
