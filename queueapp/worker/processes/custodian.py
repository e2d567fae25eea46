"""What a cluster does at the database besides executing tasks, in threads, so that nothing here holds up its pusher."""

import logging
import threading
import time
from abc import abstractmethod
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import connection

from queueapp.maintenance import MaintenanceRunner
from queueapp.tasks.deaths import end_worker, renew_all
from queueapp.worker import heartbeats
from queueapp.worker.processes.shared_memory import ClusterMemory, ServeOptions

logger = logging.getLogger(__name__)

CUSTODIAN_SECONDS = 0.2
MAINTENANCE_SECONDS = 1.0
CLUSTER_SECONDS = 5.0
RENEW_SECONDS = 5.0


class DatabaseThread(threading.Thread):
    """Does something again and again, on a connection of its own. What failed is done again at the next pass."""

    def __init__(self, name: str, every_seconds: float) -> None:
        super().__init__(name=name, daemon=True)
        self._every_seconds = every_seconds
        self._wanted = threading.Event()

    def wake(self) -> None:
        """Do it now."""
        self._wanted.set()

    def run(self) -> None:
        while True:
            try:
                self.do()
            except DatabaseError as error:
                fault = {"event": "db_connection_failed", "error": str(error).strip()}
                logger.warning("%s failed", self.name, extra=fault)
                connection.close()
            except Exception:
                logger.exception("%s failed", self.name, extra={"event": "maintenance_failed"})
                connection.close()
            self._wanted.wait(self._every_seconds)
            self._wanted.clear()

    @abstractmethod
    def do(self) -> None:
        """One pass."""


class Maintenance(DatabaseThread):
    """Runs the jobs that are due, stores the cluster's statistics, and looks for the dead of clusters that are gone.

    With the statistics it hears whether an operator wants the cluster to end, and tells the supervisor.
    """

    def __init__(self, options: ServeOptions) -> None:
        super().__init__("maintenance", MAINTENANCE_SECONDS)
        self._options = options
        self._runner = MaintenanceRunner()
        self._looks_at = 0.0  # time.monotonic()

    def do(self) -> None:
        self._runner.run()
        if time.monotonic() >= self._looks_at:
            self._looks_at = time.monotonic() + CLUSTER_SECONDS
            memory = self._options.memory
            if heartbeats.look_after_cluster(self._options.cluster_id, memory.read_stat()):
                memory.ask_to_drain()


class Custodian(DatabaseThread):
    """Settles what dead workers held, and renews the leases of those that compute and cannot do it themselves."""

    def __init__(self, memory: ClusterMemory, maintenance: Maintenance | None = None) -> None:
        super().__init__("custodian", CUSTODIAN_SECONDS)
        self._memory = memory
        self._maintenance = maintenance
        self._renewed_at: dict[UUID, float] = {}

    def do(self) -> None:
        if self._settle_deaths() and self._maintenance is not None:
            self._maintenance.wake()
        self._renew()

    def _settle_deaths(self) -> bool:
        """Tell the database who died, and why. Whether anybody had."""
        deaths = self._memory.deaths()
        for death in deaths:
            worker_id, running, ending = death.read()
            end_worker(worker_id, blamed=running, ending=ending)
            death.is_pending = 0
        return bool(deaths)

    def _renew(self) -> None:
        computing = {UUID(bytes=bytes(slot.worker_id)) for slot in self._memory.slots if slot.is_computing}
        now = time.monotonic()
        self._renewed_at = {worker: at for worker, at in self._renewed_at.items() if worker in computing}
        for worker in computing:
            if now - self._renewed_at.get(worker, float("-inf")) >= RENEW_SECONDS:
                renew_all(worker)
                self._renewed_at[worker] = now
