"""Real clusters: `manage.py qcluster` as a process of its own, and ways to hurt it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

import psutil

from queueapp.models import Cluster, Worker
from queueapp.tenancy import operator_scope
from queueapp.worker.processes.family import die_with_parent
from tests.waiting import PATIENCE_SECONDS, wait_until

ROOT = Path(__file__).parent.parent


class RunningCluster:
    """A cluster and all its processes."""

    def __init__(self, *arguments: str, workers: int = 2, **environment: str) -> None:
        self.log = TemporaryFile("w+")  # noqa: SIM115 (closed in destroy)
        try:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "qcluster", "--workers", str(workers), *arguments],
                cwd=ROOT,
                env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", **environment},
                stdout=self.log,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent,
            )
        except BaseException:  # in `make quick` nothing starts
            self.log.close()
            raise
        self.workers = workers

    @property
    def main(self) -> int:
        return self.process.pid

    def live_workers(self) -> list[Worker]:
        """The rows of this cluster's workers whose processes exist."""
        pids = {child.pid for child in self.family()}
        with operator_scope("operator:test"):
            return [worker for worker in Worker.objects.filter(stopped_at=None) if worker.pid in pids]

    def family(self) -> list[psutil.Process]:
        """Every process below the main one."""
        try:
            return psutil.Process(self.main).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def pid_of(self, part: str) -> int:
        """The process id of the sentinel, pusher or monitor, as the cluster last told. Raises StopIteration before."""
        sentinel = psutil.Process(self.main).children()[0].pid
        if part == "sentinel":
            return sentinel
        with operator_scope("operator:test"):
            stats = [cluster.stat for cluster in Cluster.objects.all()]
        return next(stat[part] for stat in stats if stat.get("sentinel") == sentinel)

    def wait_ready(self) -> None:
        wait_until(lambda: len(self.live_workers()) == self.workers)

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def kill(self) -> None:
        """kill -9 for all of it at once."""
        family = self.family()
        for process in [*family, self.process]:
            try:
                process.send_signal(signal.SIGKILL)
            except (psutil.NoSuchProcess, ProcessLookupError):
                continue
        self.process.wait()
        psutil.wait_procs(family, timeout=PATIENCE_SECONDS)

    def destroy(self) -> None:
        """End everything, whatever state it is in; its log goes to the test's output."""
        self.kill()
        self.log.seek(0)
        print(self.log.read())
        self.log.close()


@contextmanager
def running_cluster(*arguments: str, workers: int = 2, **environment: str) -> Iterator[RunningCluster]:
    """A ready cluster, destroyed at the end."""
    cluster = RunningCluster(*arguments, workers=workers, **environment)
    try:
        cluster.wait_ready()
        yield cluster
    finally:
        cluster.destroy()
