"""Deploys by an impatient init system: SIGTERM, and two seconds later SIGKILL."""

import math
import signal
import subprocess
import threading
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import psutil

from queueapp import tasks
from queueapp.models import Task
from queueapp.tenancy import operator_scope
from taskrunner.devserver.embedded import EmbeddedServers
from tests.chaos.world import World
from tests.clusters import RunningCluster
from tests.samples.lengthy import STEP_SECONDS
from tests.waiting import threads, wait_until

CLUSTERS = 4
KILL_SECONDS = 2.0
DRAIN = ("--drain-seconds", "1")


def deploys(world: World, servers: EmbeddedServers, scale: float) -> dict[str, Any]:
    """Four clusters are replaced again and again under tasks of 10 to 60 s, which go on from where they were."""
    count = max(2 * CLUSTERS, int(200 * scale))
    backlog = Backlog(world, longest_seconds=60 if scale >= 1 else 6)
    with world.without_cluster(), threads(CLUSTERS) as run:
        lanes = [run(_replace, math.ceil(count / CLUSTERS), backlog) for _ in range(CLUSTERS)]
        deployed = [deploy for lane in lanes for deploy in lane.result()]
    healed = world.heal(seconds=600)
    attempts = backlog.attempts()
    assert sum(attempts) > len(attempts), "no deploy struck a running task"
    return {
        "sigterm": len(deployed),
        "sigkill_after_2_s": sum(deployed),
        "long_tasks": len(attempts),
        "attempts": sum(attempts),
        "most_attempts_of_one": max(attempts),
        "seconds_to_finish": healed,
    }


class Backlog:
    """Long tasks, of which there are always more than workers."""

    def __init__(self, world: World, *, longest_seconds: float) -> None:
        self._world = world
        self._longest_seconds = longest_seconds
        self._random = Random(world.random.random())
        self._directory: Path = world.directory
        self._lock = threading.Lock()

    def fill(self) -> None:
        with self._lock:
            while self._world.unfinished() < 3 * CLUSTERS:
                steps = int(self._random.uniform(1 / 6, 1) * self._longest_seconds / STEP_SECONDS)
                params = {"directory": str(self._directory), "steps": steps, "computes": self._random.random() < 0.5}
                tasks.submit("sample.resume", params, tenant_id=self._world.tenant)
                self._world.submitted += 1

    def attempts(self) -> list[int]:
        with operator_scope("operator:chaos"):
            return list(Task.objects.filter(type="sample.resume").values_list("attempt", flat=True))


def _replace(count: int, backlog: Backlog) -> list[bool]:
    """Start a cluster and end it, so often; returns of each whether it had to be killed."""
    killed = []
    for _ in range(count):
        backlog.fill()
        cluster = RunningCluster(*DRAIN, workers=2)
        try:
            wait_until(partial(_is_busy, cluster), pause_seconds=0.1)
            family = cluster.family()
            killed.append(_end(cluster))
            wait_until(partial(_are_gone, family), pause_seconds=0.1)
        finally:
            cluster.destroy()
    return killed


def _is_busy(cluster: RunningCluster) -> bool:
    workers = [worker.id for worker in cluster.live_workers()]
    with operator_scope("operator:chaos"):
        return Task.objects.filter(status="leased", worker_id__in=workers).count() >= cluster.workers


def _are_gone(family: list[psutil.Process]) -> bool:
    return not any(process.is_running() for process in family)


def _end(cluster: RunningCluster) -> bool:
    cluster.process.send_signal(signal.SIGTERM)
    try:
        cluster.process.wait(timeout=KILL_SECONDS)
    except subprocess.TimeoutExpired:
        cluster.process.kill()
        return True
    return False
