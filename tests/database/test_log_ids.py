"""The ids of the log's rows: times like all others, though the rows of one statement share their random part."""

from queueapp import tasks
from queueapp.models import TaskLog
from queueapp.models.base import new_id
from queueapp.tenancy import tenant_scope


def test_the_rows_of_many_new_tasks_have_ids_of_their_own_in_the_order_of_time(acme):
    before = new_id()
    for _ in range(2):
        tasks.submit_many([{"type": "echo"}] * 1_000, tenant_id=acme.id)
    after = new_id()
    with tenant_scope(acme.id):
        rows = list(TaskLog.objects.order_by("at", "id").values_list("id", flat=True))
    assert len(rows) == len(set(rows)) == 2_000
    assert rows == sorted(rows)
    assert {row.version for row in rows} == {7}
    assert before.int >> 80 <= rows[0].int >> 80 <= rows[-1].int >> 80 <= after.int >> 80  # milliseconds
