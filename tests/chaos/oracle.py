"""The oracle: after healing, the database alone must show that nothing was lost and nothing completed twice."""

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import connection

from queueapp.tenancy import operator_scope

CHECKS = {
    "unfinished": "SELECT count(*) FROM taskrunner_tasks WHERE status NOT IN ('completed', 'dead_letter', 'cancelled')",
    "completed": "SELECT count(*) FROM taskrunner_tasks WHERE status = 'completed'",
    "dead_letters": "SELECT count(*) FROM taskrunner_tasks WHERE status = 'dead_letter'",
    "dead_without_three_crashes": """
        SELECT count(*) FROM taskrunner_tasks t WHERE status = 'dead_letter' AND (crash_count < 3 OR 3 > (
            SELECT count(*) FROM taskrunner_task_logs l
            WHERE l.task_id = t.id AND l.reason IN ('lease_expired', 'worker_crashed')))
    """,
    "completed_twice": """
        SELECT count(*) FROM (SELECT task_id FROM taskrunner_task_logs WHERE to_status = 'completed'
            GROUP BY task_id HAVING count(*) > 1) AS twice
    """,
    # every log starts where the one before ended, the first with nothing, and the last at the task's status
    "audit_gaps": """
        SELECT count(*) FROM (
            SELECT from_status, lag(to_status) OVER (PARTITION BY task_id ORDER BY id) AS before
            FROM taskrunner_task_logs WHERE kind = 'transition') AS story WHERE from_status IS DISTINCT FROM before
    """,
    "audit_ends_elsewhere": """
        SELECT count(*) FROM taskrunner_tasks t WHERE status IS DISTINCT FROM (
            SELECT to_status FROM taskrunner_task_logs l WHERE l.task_id = t.id AND kind = 'transition'
            ORDER BY id DESC LIMIT 1)
    """,
}
FAULTS = ("unfinished", "dead_without_three_crashes", "completed_twice", "audit_gaps", "audit_ends_elsewhere")


@dataclass(frozen=True)
class Findings:
    """What the database shows of all its tasks, and how often each was executed."""

    submitted: int
    lost: int
    unfinished: int
    completed: int
    dead_letters: int
    dead_without_three_crashes: int
    completed_twice: int
    audit_gaps: int
    audit_ends_elsewhere: int
    executions: int
    executed_more_than_once: int

    @property
    def faults(self) -> dict[str, int]:
        found = asdict(self)
        return {name: found[name] for name in (*FAULTS, "lost") if found[name]}


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
