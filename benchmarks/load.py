"""python -m benchmarks.load < specification: send a request again and again over kept connections, and time each.

The specification is JSON: port, key, method, path, body, connections, seconds. Prints a JSON list of milliseconds.
A process of its own, so that it does not share an interpreter with what it measures.
"""

import json
import sys
import threading
import time
from http.client import HTTPConnection
from typing import Any

ACCEPTED = (200, 202)


def send_for_a_while(specification: dict[str, Any], times: list[float]) -> None:
    """Raises RuntimeError when a request is not accepted."""
    connection = HTTPConnection("127.0.0.1", specification["port"], timeout=30)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {specification['key']}"}
    body = json.dumps(specification["body"]) if specification["body"] is not None else None
    ends = time.perf_counter() + specification["seconds"]
    while (started := time.perf_counter()) < ends:
        connection.request(specification["method"], specification["path"], body, headers)
        response = connection.getresponse()
        answer = response.read()
        if response.status not in ACCEPTED:
            raise RuntimeError(f"{specification['path']} answered {response.status}: {answer[:500]!r}")
        times.append((time.perf_counter() - started) * 1000)


def main() -> None:
    specification = json.load(sys.stdin)
    times: list[float] = []
    threads = [
        threading.Thread(target=send_for_a_while, args=(specification, times))
        for _ in range(specification["connections"])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    json.dump(times, sys.stdout)


if __name__ == "__main__":
    main()
