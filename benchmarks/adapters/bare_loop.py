"""The floor: a table, and a loop that takes 20 rows with SKIP LOCKED and marks them done. No log, no retries."""

import sys
import time
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from benchmarks.adapters import peer

CREATE = """
    CREATE TABLE jobs (id bigserial PRIMARY KEY, body text, arguments jsonb, finished_at timestamptz);
    CREATE INDEX waiting ON jobs (id) WHERE finished_at IS NULL
"""
INSERT = "INSERT INTO jobs (body, arguments) VALUES (%s, %s)"
TAKE = "SELECT id, body, arguments FROM jobs WHERE finished_at IS NULL ORDER BY id LIMIT 20 FOR UPDATE SKIP LOCKED"
FINISH = "UPDATE jobs SET finished_at = clock_timestamp() WHERE id = ANY(%s)"
BODIES = {"noop": peer.noop, "clock": peer.clock, "job": peer.job}


def loop() -> None:
    with psycopg.connect(peer.DATABASE_URL) as connection:
        while True:
            with connection.transaction():
                taken = connection.execute(TAKE).fetchall()
                for _, body, arguments in taken:
                    BODIES[body](*arguments)
                connection.execute(FINISH, ([id for id, *_ in taken],))
            if not taken:
                time.sleep(0.001)


class BareLoop(peer.Peer):
    def prepare(self) -> None:
        self.connection = psycopg.connect(peer.DATABASE_URL, autocommit=True)
        self.connection.execute(CREATE)

    def submit(self, body: str, arguments: list[tuple[Any, ...]]) -> None:
        for each in arguments:
            self.connection.execute(INSERT, (body, Jsonb(each)))

    def submit_in_bulk(self, body: str, arguments: list[tuple[Any, ...]]) -> None:
        with self.connection.cursor().copy("COPY jobs (body, arguments) FROM STDIN") as copy:
            for each in arguments:
                copy.write_row((body, Jsonb(each)))

    def worker_commands(self) -> list[list[str]]:
        return [[sys.executable, "-m", "benchmarks.adapters.bare_loop"]] * peer.PROCESSES

    def done(self) -> int:
        return peer.number(self.connection, "SELECT count(finished_at) FROM jobs")

    def held(self) -> int:
        return peer.number(self.connection, "SELECT count(*) FROM jobs WHERE finished_at IS NULL")


PEER = BareLoop()

if __name__ == "__main__":
    loop()
