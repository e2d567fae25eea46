"""Bulk operations of people: a task for each tenant concerned, with a record of what was asked for and why."""

from collections.abc import Sequence

from django.db import transaction

from queueapp.models import Task
from queueapp.operators.acts import record_act
from queueapp.tasks.bulk import BulkParams, submit_bulk
from queueapp.tasks.bulk_preview import Preview

ALL = "all that match a filter"


def carry_out(params: BulkParams, seen: Preview, *, again: bool = False) -> Sequence[Task]:
    """Submit the verb for each tenant of the preview, all or none, frozen at its moment; returns those tasks.

    Each tenant's record keeps how many of its tasks were seen, and the id of this task, which the logs of all that it
    touches name. Needs an operator's scope, or the tenant's. Raises BulkUnderWay.
    """
    frozen = params.model_copy(update={"as_of": seen.as_of})
    with transaction.atomic():  # where one is refused, the page is shown once more in the same scope
        submitted = [submit_bulk(frozen, tenant_id=each.tenant.pk, again=again) for each in seen.tenants]
    asked = frozen.model_dump(mode="json", exclude={"verb"}, exclude_none=True)
    for each, task in zip(seen.tenants, submitted, strict=True):
        counts = {each.tenant.slug: each.count}
        record_act(each.tenant.pk, f"task.{params.verb}", ALL, **asked, counts=counts, tasks=[str(task.pk)])
    return submitted
