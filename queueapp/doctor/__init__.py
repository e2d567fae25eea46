"""Every part of an installation, looked at once: what `manage.py doctor` reports."""

from collections.abc import Iterator
from dataclasses import replace

from queueapp.doctor import artifact_store, machine, postgres, redis_server, workers
from queueapp.doctor.finding import Finding
from queueapp.redaction import masked_text

__all__ = ["Finding", "check_everything"]


def check_everything() -> Iterator[Finding]:
    """Without secrets: servers and drivers may repeat what they were given."""
    for finding in _look():
        yield replace(finding, message=masked_text(finding.message))


def _look() -> Iterator[Finding]:
    yield from machine.check()
    database = list(postgres.check())
    yield from database
    yield from redis_server.check()
    yield from artifact_store.check()
    if not any(finding.level == "fault" for finding in database):
        yield from workers.check()
