"""A PostgreSQL that accepts and answers nothing for a while, as behind a black hole."""

from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from django.db import connection


@contextmanager
def frozen_postgres() -> Iterator[None]:
    """Stop every process of the server, which must run on this machine. Who asks it anything meanwhile waits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        postmaster = psutil.Process(cursor.fetchone()[0]).parent()
    processes = [postmaster, *postmaster.children(recursive=True)]
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in reversed(processes):
            process.resume()
