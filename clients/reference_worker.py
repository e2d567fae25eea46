"""A worker for Taskrunner that needs Python and nothing else: it uses only the HTTP API (docs/worker-api.md).

TASKRUNNER_URL=http://127.0.0.1:8000 TASKRUNNER_WORKER_KEY=tr_… python clients/reference_worker.py
"""

import json
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from typing import Any

API = os.environ.get("TASKRUNNER_URL", "http://127.0.0.1:8000") + "/api/v1/worker"
KEY = os.environ["TASKRUNNER_WORKER_KEY"]
NAME = f"{socket.gethostname()}-{os.getpid()}"
BEAT_SECONDS = 5  # a lease lives for 30
POLL_SECONDS = 20


class LeaseLost(Exception):
    """This attempt is over, whatever we do: another one may run."""


class Cancelled(Exception):
    """Somebody asked for this task to stop."""


def call(path: str, body: dict[str, Any], *, seconds: float = 10, tries: int = 5) -> Any:
    """POST, again and again while the server is away or busy. Safe: a lease token ends one attempt once."""
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    request = urllib.request.Request(API + path, json.dumps(body).encode(), headers)
    for pause in range(1, tries + 1):
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                return json.loads(answer.read() or b"null")
        except OSError as error:  # urllib's errors are of this kind
            status = getattr(error, "code", 503)
            words = error.read().decode() if isinstance(error, urllib.error.HTTPError) else str(error)
            if status == 409:
                raise LeaseLost(words) from None
            if status < 500 or pause == tries:
                raise SystemExit(f"{path}: {words}") from None
        time.sleep(min(pause, 10))


class Task:
    """A leased task, as a handler sees it. A thread keeps the lease while the handler works."""

    def __init__(self, leased: dict[str, Any]) -> None:
        self.type, self.params, self.attempt = leased["type"], leased["params"], leased["attempt"]
        self._path, self._token = f"/tasks/{leased['id']}", {"lease_token": leased["lease_token"]}
        self._over: type[Exception] | None = None
        self._done = threading.Event()
        self._progress: dict[str, Any] | None = None

    def send(self, verb: str, **members: Any) -> Any:
        return call(f"{self._path}/{verb}", self._token | members)

    def log(self, message: str, **detail: Any) -> None:
        self.send("log", message=message, detail=detail)

    def progress(self, fraction: float, message: str = "") -> None:
        """Sent with the next heartbeat. Raises Cancelled or LeaseLost once there is no more to do."""
        self._progress = {"fraction": fraction, "message": message}
        if self._over:
            raise self._over

    def run(self) -> None:
        beat = threading.Thread(target=self._keep_lease)
        beat.start()
        try:
            verb, members = self._work()
            self.send(verb, **members)
        except LeaseLost as error:
            print(f"{self._path}: {error}", file=sys.stderr)
        finally:
            self._done.set()
            beat.join()

    def _work(self) -> tuple[str, dict[str, Any]]:
        """The handler's outcome, as the verb that tells it."""
        try:
            return "complete", {"result": HANDLERS[self.type](self)}
        except Cancelled:
            return "release", {}  # a task that was to stop is cancelled by this
        except LeaseLost:
            raise
        except Exception as error:
            retryable = not isinstance(error, KeyError)  # no handler, or a parameter less: no retry will help
            return "fail", {"code": type(error).__name__, "message": str(error)[:1000], "retryable": retryable}

    def _keep_lease(self) -> None:
        while not self._done.wait(BEAT_SECONDS):
            try:
                if self.send("heartbeat", progress=self._progress)["cancel_requested"]:
                    self._over = Cancelled
            except LeaseLost:
                self._over = LeaseLost
                return


def youtube(task: Task) -> dict[str, Any]:
    """An example: pretends to look for ideas for as many seconds as it is told to."""
    task.log("looking for ideas", query=task.params.get("query", ""))
    ends = time.monotonic() + (seconds := task.params.get("seconds", 0))
    while (left := ends - time.monotonic()) > 0:
        task.progress(1 - left / seconds)
        time.sleep(min(left, 0.2))
    return {"ideas": [], "worker": NAME, "attempt": task.attempt}


HANDLERS = {"IdeaInspiration.Sources.YouTube": youtube}


def main() -> None:
    """Claim and run, one task at a time, until SIGTERM; a task that runs is finished first."""
    idle, stopping = True, False

    def stop(*_: Any) -> None:
        nonlocal stopping
        stopping = True
        if idle:
            raise SystemExit(0)  # closes the poll, and the server leases nothing to a closed connection

    signal.signal(signal.SIGTERM, stop)
    while not stopping:
        idle = True
        body = {"worker": NAME, "max": 1, "wait_seconds": POLL_SECONDS}
        tasks = call("/claim", body, seconds=POLL_SECONDS + 10, tries=1_000_000)["tasks"]
        idle = False
        for leased in tasks:
            Task(leased).run()


if __name__ == "__main__":
    main()
