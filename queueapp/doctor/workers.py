"""Workers: every queue has somebody to serve it."""

from collections.abc import Iterator

from queueapp.doctor.finding import Finding, fault, ok, warning
from queueapp.tasks.queries import QueueRow, queue_rows
from queueapp.tenancy import system_scope


def check() -> Iterator[Finding]:
    with system_scope("doctor"):
        rows = queue_rows()
    for row in rows:
        yield _queue(row)


def _queue(row: QueueRow) -> Finding:
    part = f"queue {row.name}"
    if row.paused_at is not None:
        return warning(part, f"is paused since {row.paused_at:%F %T} UTC", fix=f"manage.py queues resume {row.name}")
    if row.live_workers:
        return ok(part, f"{row.live_workers} live workers")
    fix = f"manage.py taskrunner_worker --queues {row.name}"
    if row.oldest_wait_seconds is not None:
        return fault(part, f"no live worker, and a task waits for {row.oldest_wait_seconds:,.0f} s", fix=fix)
    return warning(part, "no live worker", fix=fix)
