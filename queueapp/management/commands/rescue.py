"""Run one pass of maintenance now, e.g. where no cluster is up."""

from typing import Any

from queueapp import maintenance
from queueapp.artifacts.garbage import sweep
from queueapp.management.base import PlatformCommand, acting
from queueapp.operators.service import record


class Command(PlatformCommand):
    help = "Promote due tasks, take back expired leases, fold counters, prune and sweep, once and now."

    def handle(self, **options: Any) -> None:
        done = maintenance.run_once()
        try:
            if done:
                done["objects_swept"] = sweep()
        finally:  # what the maintenance runner did is done, also where the store is away
            with acting():
                record("maintenance.run", "", done=done)
        if options["json"]:
            self.output.json(done)
        elif not done:
            self.output.line("Nothing to do: another cluster is running maintenance.")
        else:
            self.output.table(("job", "rows"), [(name, str(count)) for name, count in done.items()])
