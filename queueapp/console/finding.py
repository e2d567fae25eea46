"""The search box of the frame: an id, some digits of one, a type, a queue, a tenant or a label."""

import re
from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from queueapp.console.access import Access
from queueapp.console.task_pages import tasks_in
from queueapp.handlers import find_handler
from queueapp.models import Queue, Task, TaskType, Tenant, UsedPartition
from queueapp.type_patterns import is_task_type

DIGITS = re.compile(r"[0-9a-f]{8,32}")
MOST_FOUND = 50
MOST_SEARCHED = 100_000  # the newest tasks, for the last digits of an id


def tasks_by_digits(text: str, access: Access) -> Sequence[UUID]:
    """The newest tasks whose id is this, begins with it, or of the newest 100,000 ends with these 8 digits."""
    digits = text.lower().replace("-", "")
    if not DIGITS.fullmatch(digits):
        return []
    span = (UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f")))
    found = list(_newest(access).filter(id__range=span)[:MOST_FOUND])
    return found if found or len(digits) != 8 else _by_last_digits(digits, access)


def _by_last_digits(digits: str, access: Access) -> Sequence[UUID]:
    oldest = next(iter(_newest(access)[MOST_SEARCHED : MOST_SEARCHED + 1]), UUID(int=0))
    in_text = tasks_in(access).filter(id__gte=oldest).annotate(text=Cast("id", TextField()))
    return list(in_text.filter(text__endswith=digits).order_by("-id").values_list("id", flat=True)[:MOST_FOUND])


def _newest(access: Access) -> QuerySet[Task, UUID]:
    return tasks_in(access).order_by("-id").values_list("id", flat=True)


def filter_named(text: str, access: Access) -> dict[str, str]:
    """The filter that a name means: that of a type, a queue or a tenant, else of a label."""
    if is_task_type(text) and _is_type(text, access):
        return {"type": text}
    if Queue.objects.filter(name=text).exists():
        return {"queue": text}
    if access.is_platform and Tenant.objects.filter(slug=text).exists():
        return {"tenant": text}
    return {"label": text[:64]}


def _is_type(text: str, access: Access) -> bool:
    if find_handler(text) is not None or TaskType.objects.filter(type=text).exists():
        return True
    return access.is_platform and UsedPartition.objects.filter(type=text).exists()
