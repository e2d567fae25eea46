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
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

SERVER = urlsplit(os.environ.get("TASKRUNNER_URL", "http://127.0.0.1:8000"))
HEADERS = {"Authorization": f"Bearer {os.environ['TASKRUNNER_WORKER_KEY']}", "Content-Type": "application/json"}
NAME = f"{socket.gethostname()}-{os.getpid()}"
ANSWER_SECONDS = 10
BEAT_SECONDS = 5  # a lease lives for 30
POLL_SECONDS = 20


class LeaseLost(Exception):
    """This attempt is over, whatever we do: another one may run."""


class Cancelled(Exception):
    """Somebody asked for this task to stop."""


def connection_to_server(seconds: float) -> HTTPConnection:
    """Not open yet. No operation on it lasts longer than so many seconds."""
    kind = HTTPSConnection if SERVER.scheme == "https" else HTTPConnection
    return kind(SERVER.netloc, timeout=seconds)


def post(connection: HTTPConnection, path: str, body: dict[str, Any]) -> tuple[int, str]:
    """The status and the text of the answer; 503 where no whole one came."""
    try:
        connection.request("POST", f"{SERVER.path}/api/v1/worker{path}", json.dumps(body), HEADERS)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, HTTPException) as error:
        return 503, str(error)
    finally:
        connection.close()


def call(path: str, body: dict[str, Any], *, tries: int = 5) -> Any:
    """POST, again and again while the server is away or busy. Safe: a lease token ends one attempt once."""
    for pause in range(1, tries + 1):
        status, text = post(connection_to_server(ANSWER_SECONDS), path, body)
        if status < 300:
            return json.loads(text or "null")
        if status == 409:
            raise LeaseLost(text)
        if status < 500 or pause == tries:
            raise SystemExit(f"{path}: {text}")
        time.sleep(pause)


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
            except (LeaseLost, SystemExit):  # refused, or the server has been away for long
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


class Poller:
    """Asks for tasks, one long poll after the other, until it is told to stop."""

    def __init__(self) -> None:
        self._stopping = False
        self._idle = True  # nothing is asked for and nothing held
        self._socket = socket.socket()  # the one of the poll

    def tasks(self) -> Iterator[dict[str, Any]]:
        """What is leased to us, for as long as the server is there or comes back."""
        failures = 0
        while not self._stopping:
            status, text = self._poll()
            if status == 200:
                yield from json.loads(text)["tasks"]
            elif status < 500:
                raise SystemExit(f"/claim: {text}")
            failures = 0 if status == 200 else failures + 1
            self._idle = True
            time.sleep(min(failures, 10))

    def stop(self, *_: Any) -> None:
        """What SIGTERM does: leave now where nothing is under way; else finish that, and a task, first."""
        self._stopping = True
        if self._idle:
            raise SystemExit(0)
        with suppress(OSError):  # the answer is there already
            # Our half only, below TLS: the server then leases nothing more, and its answer tells what it had leased.
            socket.socket.shutdown(self._socket, socket.SHUT_WR)

    def _poll(self) -> tuple[int, str]:
        connection = connection_to_server(POLL_SECONDS + ANSWER_SECONDS)
        try:
            connection.connect()
        except OSError as error:
            return 503, str(error)
        self._socket, self._idle = connection.sock, False
        return post(connection, "/claim", {"worker": NAME, "max": 1, "wait_seconds": POLL_SECONDS})


def main() -> None:
    """Claim and run, one task at a time, until SIGTERM."""
    poller = Poller()
    signal.signal(signal.SIGTERM, poller.stop)
    for leased in poller.tasks():
        Task(leased).run()


if __name__ == "__main__":
    main()
