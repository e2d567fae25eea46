"""`qcluster --reload`, for development: runs the cluster as a child, and a new one whenever a source file changes."""

import signal
import subprocess
import time
from pathlib import Path
from types import FrameType

from django.apps import apps
from django.utils.autoreload import StatReloader, get_child_arguments

POLL_INTERVAL_SECONDS = 1.0


class Reloader:
    """Until SIGTERM or Ctrl-C. A child that fails, say over a syntax error, is run again after the next change."""

    def __init__(self) -> None:
        self._asked_to_stop = False
        self._files = StatReloader()
        for app in apps.get_app_configs():
            if "site-packages" not in Path(app.path).parts:  # files that are new are not among the loaded modules
                self._files.watch_dir(app.path, "**/*.py")

    def run(self) -> None:
        for wanted in (signal.SIGTERM, signal.SIGINT):
            signal.signal(wanted, self._on_signal)
        while not self._asked_to_stop:
            seen = self._times()
            child = subprocess.Popen([word for word in get_child_arguments() if word != "--reload"])  # noqa: S603
            while not self._asked_to_stop and self._times() == seen:
                time.sleep(POLL_INTERVAL_SECONDS)
            child.terminate()  # and so drained: running tasks finish
            child.wait()

    def _times(self) -> dict[Path, float]:
        """The moment at which each source file was changed last."""
        return dict(self._files.snapshot_files())

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        self._asked_to_stop = True
