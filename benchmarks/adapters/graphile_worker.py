"""graphile-worker, on Node: jobs in PostgreSQL, deleted once done, so that it keeps no outcome.

It is submitted to through its SQL functions, as its documentation shows for other languages than its own.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.adapters import peer

HERE = Path(__file__).parent / "graphile"
COMMAND = [str(HERE / "node_modules" / ".bin" / "graphile-worker"), "--config", str(HERE / "graphile.config.mjs")]
SUBMIT = "SELECT FROM graphile_worker.add_job(%s, %s::json)"
SUBMIT_MANY = """
    SELECT FROM graphile_worker.add_jobs(ARRAY(
        SELECT (%s, payload, NULL, NULL, NULL, NULL, NULL, NULL)::graphile_worker.job_spec
        FROM json_array_elements(%s::json) AS payload))
"""
LEFT = "SELECT count(*) FROM graphile_worker.jobs"


class GraphileWorkerPeer(peer.Peer):
    def prepare(self) -> None:
        subprocess.run([*COMMAND, "--schema-only"], check=True, capture_output=True)
        self.connection = psycopg.connect(peer.DATABASE_URL, autocommit=True)
        self.submitted = 0

    def submit(self, body: str, arguments: list[tuple[Any, ...]]) -> None:
        for each in arguments:
            self.connection.execute(SUBMIT, (body, json.dumps(each)))
        self.submitted += len(arguments)

    def submit_in_bulk(self, body: str, arguments: list[tuple[Any, ...]]) -> None:
        for start in range(0, len(arguments), 1_000):
            self.connection.execute(SUBMIT_MANY, (body, json.dumps(arguments[start : start + 1_000])))
        self.submitted += len(arguments)

    def worker_commands(self) -> list[list[str]]:
        return [COMMAND] * (peer.PROCESSES if peer.BETTER else 1)

    def done(self) -> int:
        return self.submitted - self.held()

    def held(self) -> int:
        return peer.number(self.connection, LEFT)


PEER = GraphileWorkerPeer()
