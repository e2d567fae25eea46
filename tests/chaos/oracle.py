"""The oracle: after healing, the database alone must show that nothing was lost and nothing completed twice."""

from collections import Counter
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import connection

from queueapp.tenancy import operator_scope

# Tasks of the tenant "hell" may end as badly as they like; all others are honest.
HONEST = "tenant_id NOT IN (SELECT id FROM taskrunner_tenants WHERE slug = 'hell')"
CHECKS = {
    "unfinished": "SELECT count(*) FROM taskrunner_tasks WHERE status NOT IN ('completed', 'dead_letter', 'cancelled')",
    "completed": "SELECT count(*) FROM taskrunner_tasks WHERE status = 'completed'",
    "dead_letters": "SELECT count(*) FROM taskrunner_tasks WHERE status = 'dead_letter'",
    "honest": f"SELECT count(*) FROM taskrunner_tasks WHERE {HONEST}",
    "honest_completed": f"SELECT count(*) FROM taskrunner_tasks WHERE status = 'completed' AND {HONEST}",
    "honest_cancelled": f"SELECT count(*) FROM taskrunner_tasks WHERE status = 'cancelled' AND {HONEST}",
    "honest_dead_letters": f"SELECT count(*) FROM taskrunner_tasks WHERE status = 'dead_letter' AND {HONEST}",
    "honest_crashes": f"SELECT coalesce(sum(crash_count), 0) FROM taskrunner_tasks WHERE {HONEST}",
    "dead_without_three_crashes": f"""
        SELECT count(*) FROM taskrunner_tasks t WHERE status = 'dead_letter' AND {HONEST} AND (crash_count < 3 OR 3 > (
            SELECT count(*) FROM taskrunner_task_history l
            WHERE l.task_id = t.id AND l.reason IN ('lease_expired', 'worker_crashed')))
    """,
    "completed_twice": """
        SELECT count(*) FROM (SELECT task_id FROM taskrunner_task_history WHERE to_status = 'completed'
            GROUP BY task_id HAVING count(*) > 1) AS twice
    """,
    # a task left each status as often as it came there, but for the one it has now; in whatever order
    "audit_missing": """
        SELECT count(*) FROM (
            SELECT task_id, status, sum(step) AS visits FROM (
                SELECT task_id, to_status AS status, 1 AS step FROM taskrunner_task_history WHERE kind = 'transition'
                UNION ALL SELECT task_id, from_status, -1 FROM taskrunner_task_history WHERE from_status IS NOT NULL
            ) AS moves GROUP BY task_id, status) AS total
        JOIN taskrunner_tasks t ON t.id = total.task_id WHERE visits <> (t.status = total.status)::integer
    """,
    # every log starts where the one before ended, the first with nothing, and the last at the task's status
    "audit_gaps": """
        SELECT count(*) FROM (
            SELECT from_status, lag(to_status) OVER (PARTITION BY task_id ORDER BY id) AS before
            FROM taskrunner_task_history WHERE kind = 'transition') AS story WHERE from_status IS DISTINCT FROM before
    """,
    "audit_ends_elsewhere": """
        SELECT count(*) FROM taskrunner_tasks t WHERE status IS DISTINCT FROM (
            SELECT to_status FROM taskrunner_task_history l WHERE l.task_id = t.id AND kind = 'transition'
            ORDER BY id DESC LIMIT 1)
    """,
}
FAULTS = ("lost", "unfinished", "completed_twice", "dead_without_three_crashes", "audit_missing")
ORDER = ("audit_gaps", "audit_ends_elsewhere")
BLAME = ("honest_crashes", "honest_dead_letters")


@dataclass(frozen=True)
class Findings:
    """What the database shows of all its tasks, and how often each was executed."""

    submitted: int
    lost: int
    unfinished: int
    completed: int
    dead_letters: int
    honest: int
    honest_completed: int
    honest_cancelled: int
    honest_dead_letters: int
    honest_crashes: int
    dead_without_three_crashes: int
    completed_twice: int
    audit_missing: int
    audit_gaps: int
    audit_ends_elsewhere: int
    executions: int
    executed_more_than_once: int

    def faults(self, *, allowed: Collection[str] = ()) -> dict[str, int]:
        """What must not be, save what the scenario brings about by itself."""
        found = asdict(self)
        return {name: found[name] for name in (*FAULTS, *ORDER, *BLAME) if found[name] and name not in allowed}


def audit(submitted: int, marks: Path) -> Findings:
    """Look at every task. `marks` holds a line for each execution that started."""
    with operator_scope("operator:oracle"), connection.cursor() as cursor:
        found = {}
        for name, query in CHECKS.items():
            cursor.execute(query)
            found[name] = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM taskrunner_tasks")
        stored = cursor.fetchone()[0]
    lines = marks.read_text().splitlines() if marks.exists() else []
    per_task = Counter(line.split()[0] for line in lines)
    return Findings(
        submitted=submitted,
        lost=submitted - stored,
        executions=len(lines),
        executed_more_than_once=sum(1 for count in per_task.values() if count > 1),
        **found,
    )
