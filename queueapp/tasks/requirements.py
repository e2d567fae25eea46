"""The requirements of a submission: not more different ones at a time than its tenant may have."""

from collections.abc import Sequence
from uuid import UUID

from queueapp.errors import FieldError, InvalidTask
from queueapp.limits.requirement_sets import RequirementSet, refused_sets
from queueapp.limits.tenant_limits import effective_limits
from queueapp.tasks.requests import Submission


def check_requirements(submissions: Sequence[Submission], tenant_id: UUID, *, single: bool) -> None:
    """Raises InvalidTask naming every submission that would open one partition more than the tenant may have."""
    wanted = {
        index: RequirementSet.of(item.queue or "", item.type, item.requirements)
        for index, item in enumerate(submissions)
        if item.requirements
    }
    if wanted and (refused := refused_sets(tenant_id, list(dict.fromkeys(wanted.values())))):
        message = "would be one combination of queue, type and requirements too many at a time for this tenant"
        message += f" (its limit requirement_sets: {effective_limits(tenant_id).requirement_sets})"
        places = [index for index, each in wanted.items() if each in refused]
        fields = ["requirements" if single else f"tasks.{index}.requirements" for index in places]
        raise InvalidTask([FieldError(field, "above_limit", message) for field in fields])
