"""How values look on the pages: indented JSON, the time between the entries of a log."""

import json
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from queueapp import clock
from queueapp.durations import duration
from queueapp.models import Task, TaskLog
from queueapp.redaction import masked
from queueapp.tasks.queries import ran_seconds, waited_seconds


def pretty_json(value: Any, known: Collection[str] = ()) -> SafeString | None:
    """Indented, escaped and without its secrets and those that are known. None stays None."""
    if value is None:
        return None
    return format_html('<pre tabindex="0">{}</pre>', json.dumps(masked(value, known), indent=2, ensure_ascii=False))


def preformatted(text: str) -> SafeString | None:
    """As it stands, line by line, and escaped. An empty text is None."""
    return format_html('<pre tabindex="0">{}</pre>', text) if text else None


def link_to_task(task_id: UUID) -> SafeString:
    """To its page, which may be gone."""
    return format_html('<a href="{}">{}</a>', reverse("admin:queueapp_task_change", args=[task_id]), task_id)


def waited(task: Task) -> str | None:
    return duration(waited_seconds(task, clock.now()))


def ran(task: Task) -> str | None:
    return duration(ran_seconds(task, clock.now()))


def with_elapsed(entries: Iterable[TaskLog]) -> Iterator[tuple[TaskLog, str | None]]:
    """Each entry, and the time since the one before."""
    entries = list(entries)
    yield from ((entry, None) for entry in entries[:1])
    yield from ((entry, duration((entry.at - before.at).total_seconds())) for before, entry in pairwise(entries))
