"""Bulk operations of operators: a task for each tenant concerned, and one record of what was asked for and why."""

from collections.abc import Sequence

from django.db import transaction

from queueapp.models import Task
from queueapp.operators.service import record
from queueapp.tasks.bulk import BulkParams, submit_bulk
from queueapp.tasks.bulk_preview import Preview


def carry_out(params: BulkParams, seen: Preview, *, again: bool = False) -> Sequence[Task]:
    """Submit the verb for each tenant of the preview, all or none, frozen at its moment; returns those tasks.

    The record keeps how many tasks of each tenant were seen, and the ids of these, which the logs of all that they
    touch name. Needs an operator's scope. Raises BulkUnderWay.
    """
    frozen = params.model_copy(update={"as_of": seen.as_of})
    with transaction.atomic():  # where one is refused, the page is shown once more in the same scope
        submitted = [submit_bulk(frozen, tenant_id=each.tenant.pk, again=again) for each in seen.tenants]
    record(
        f"task.{params.verb}",
        "all that match a filter",
        **frozen.model_dump(mode="json", exclude={"verb"}, exclude_none=True),
        counts={each.tenant.slug: each.count for each in seen.tenants},
        tasks=[str(task.pk) for task in submitted],
    )
    return submitted
