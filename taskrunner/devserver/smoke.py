"""`make smoke`: the public API of a running Taskrunner, step by step, as a client uses it. Ends at the first fault.

Needs TASKRUNNER_URL and TASKRUNNER_CLIENT_KEY, and a tenant that may submit six more tasks in this minute.
"""

import base64
import os
import sys
import time
from typing import Any
from uuid import uuid4

import urllib3

from taskrunner.devserver.console import timed

WAIT_SECONDS = 30
CANCEL_SECONDS = 20


class Fault(Exception):
    """A step that did not end as it should."""


class Api:
    """A client: each request yields its status and its JSON, or the bytes of what is not JSON."""

    def __init__(self, url: str, key: str) -> None:
        self._url, self._key = url, key

    def send(self, path: str, body: dict[str, Any] | None = None, **headers: str) -> tuple[int, Any]:
        """GET, or POST where there is a body; headers by their names with `_` for `-`."""
        given = {"Authorization": f"Bearer {self._key}"} | {name.replace("_", "-"): headers[name] for name in headers}
        method, address = "GET" if body is None else "POST", self._url + path
        answer = urllib3.request(method, address, json=body, headers=given, timeout=WAIT_SECONDS + 10, retries=False)
        return answer.status, answer.json() if "json" in answer.headers.get("Content-Type", "") else answer.data

    def submit(self, type: str, params: dict[str, Any], **headers: str) -> Any:
        """The task as it was accepted."""
        status, task = self.send("/api/v1/tasks", {"type": type, "params": params}, **headers)
        expect(status == 202, "202", task)
        return task

    def completed(self, type: str, **params: Any) -> Any:
        """The task after its end."""
        task = self.submit(type, params, Prefer=f"wait={WAIT_SECONDS}")
        expect(task["status"] == "completed", f"a completed task within {WAIT_SECONDS} s", task)
        return task

    def download(self, artifact_id: str) -> Any:
        status, content = self.send(f"/api/v1/artifacts/{artifact_id}")
        expect(status == 200, "a download", content)
        return content


def health(api: Api) -> None:
    status, answer = api.send("/health")
    expect(status == 200 and answer["ok"], "every part ok", answer)


def limits(api: Api) -> None:
    status, answer = api.send("/api/v1/limits")
    expect(status == 200 and "tasks_per_minute" in answer, "the limits", answer)


def echo(api: Api) -> None:
    task = api.completed("echo", msg="hello")
    (artifact_id,) = task["artifact_ids"]
    kept = api.download(artifact_id)
    expect(task["result"] == kept == {"msg": "hello"}, "the parameters as result and as artifact", (task, kept))


def same_key_twice(api: Api) -> None:
    key = str(uuid4())
    ids = [api.submit("echo", {}, Idempotency_Key=key)["id"] for _ in range(2)]
    expect(ids[0] == ids[1], "one task for one Idempotency-Key", ids)


def cancelled_sleep(api: Api) -> None:
    path = f"/api/v1/tasks/{api.submit('sleep', {'seconds': 60})['id']}"
    deadline = time.monotonic() + CANCEL_SECONDS
    api.send(f"{path}/cancel", {})
    while (task := api.send(path)[1])["status"] != "cancelled":
        expect(time.monotonic() < deadline, f"cancelled within {CANCEL_SECONDS} s", task)
        time.sleep(0.1)


def unknown_type(api: Api) -> None:
    status, answer = api.send("/api/v1/tasks", {"type": "foo"})
    expect(status == 400 and "unknown_type" in str(answer), "400 unknown_type", answer)


def search(api: Api) -> None:
    """Wherever this deployment may: the library of fetched pages is always there, and every source must answer."""
    task = api.completed("search", query="open source task runner")
    providers = task["result"]["providers"]
    expect(all(each["error"] is None for each in providers), "an answer of every source", providers)
    found = api.download(task["result"]["artifact_ids"][0])
    expect("results" in found, "results", found)


def unknown_source(api: Api) -> None:
    status, answer = api.send("/api/v1/search", {"query": "task runner", "sources": ["nobody"]})
    expect((status, answer["code"]) == (400, "search_source_not_allowed"), "400 search_source_not_allowed", answer)


def artifact(api: Api) -> None:
    status, meta = api.send("/api/v1/artifacts", _upload(api, b"Hello world"))
    expect((status, meta.get("size_bytes")) == (201, 11), "201 and 11 bytes", meta)
    content = api.download(meta["id"])
    expect(content == b"Hello world", "Hello world", content)


def oversized_artifact(api: Api) -> None:
    limit_mb = api.send("/api/v1/limits")[1]["task_max_artifact_mb"]
    status, answer = api.send("/api/v1/artifacts", _upload(api, bytes((limit_mb + 1) * 2**20)))
    expect((status, answer["code"]) == (413, "artifact_size_exceeded"), "413 artifact_size_exceeded", answer)


STEPS = (
    *(health, limits, echo, same_key_twice, cancelled_sleep, unknown_type),
    *(search, unknown_source, artifact, oversized_artifact),
)


def expect(truth: bool, wanted: str, got: object) -> None:
    if not truth:
        raise Fault(f"expected {wanted}, got {got}")


def _upload(api: Api, content: bytes) -> dict[str, str]:
    """For a task of its own."""
    data = base64.b64encode(content).decode()
    task_id = api.submit("echo", {})["id"]
    return {"task_id": task_id, "type": "log", "content_type": "text/plain", "data_base64": data}


def main() -> int:
    missing = [name for name in ("TASKRUNNER_URL", "TASKRUNNER_CLIENT_KEY") if not os.environ.get(name)]
    if missing:
        sys.stderr.write(f"{' and '.join(missing)} not set: start a Taskrunner with `make up`.\n")
        return 1
    api = Api(os.environ["TASKRUNNER_URL"], os.environ["TASKRUNNER_CLIENT_KEY"])
    for step in STEPS:
        name = step.__name__.replace("_", " ")
        try:
            timed(name, lambda step=step: step(api))  # type: ignore[misc]
        except (Fault, urllib3.exceptions.HTTPError) as error:
            sys.stderr.write(f"  {name}: {error}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
