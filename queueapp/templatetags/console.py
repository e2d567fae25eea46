"""What the console's templates need: addresses within a scope, states in words, durations and moments."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from queueapp import clock
from queueapp.console.access import Access
from queueapp.console.pages import Page, pages
from queueapp.durations import duration as words_for
from queueapp.states import Status

register = template.Library()

TABS = ("overview", "tasks", "errors", "queues", "workers", "schedules", "new", "audit", "settings")
WORDS = {
    Status.SCHEDULED: "Scheduled",
    Status.BLOCKED: "Blocked",
    Status.QUEUED: "Waiting",
    Status.LEASED: "Running",
    Status.FAILED: "Retrying",
    Status.COMPLETED: "Done",
    Status.DEAD_LETTER: "Failed",
    Status.CANCELLED: "Cancelled",
}


@register.simple_tag(takes_context=True)
def to(context: Any, name: str, *parts: Any, **query: Any) -> str:
    """The address of a page in this scope, e.g. `{% to "task" task.id %}` or `{% to "tasks" state="queued" %}`."""
    address = reverse(f"console:{name}", args=[context["access"].scope, *parts])
    given = {key: value for key, value in query.items() if value not in (None, "")}
    return f"{address}?{urlencode(given)}" if given else address


@register.simple_tag(takes_context=True)
def to_query(context: Any, name: str, parameters: dict[str, Any], **query: Any) -> str:
    """As `to`, with parameters that the view has collected."""
    return to(context, name, **parameters, **query)


@register.filter
def tabs(access: Access) -> list[Page]:
    """The pages that the frame leads to, of those that this person may see here."""
    known = pages()
    return [known[name] for name in TABS if name in known and known[name].allows(access)]


@register.filter
def may(access: Access, name: str) -> bool:
    """Whether there is such a page, and this person may open it or do its act here: `{% if access|may:"pause" %}`."""
    known = pages()
    return name in known and known[name].allows(access)


@register.filter
def word(status: str) -> str:
    """What people call a state."""
    return WORDS[Status(status)]


@register.filter
def badge(status: str) -> SafeString:
    """The state in words and colour, its name in the API as a tooltip."""
    return format_html('<span class="badge {}" title="{}">{}</span>', status, status, word(status))


@register.filter
def duration(seconds: float | None) -> str:
    return words_for(seconds) or ""


@register.filter
def number(count: int | None) -> str:
    """With its thousands apart; None is a limit that is none."""
    return "any" if count is None else f"{count:,}"


@register.filter
def short(seconds: float | None) -> str:
    """As `duration`, what is less than a second in milliseconds."""
    return f"{seconds * 1000:.0f} ms" if seconds is not None and seconds < 1 else duration(seconds)


@register.filter
def moment(when: datetime | None) -> SafeString | str:
    """To the second, with its zone."""
    if when is None:
        return ""
    return format_html('<time class="nowrap" datetime="{}">{}</time>', when.isoformat(), _in_utc(when))


@register.filter
def ago(when: datetime | None) -> SafeString | str:
    """How long since, or until; the moment itself as a tooltip."""
    if when is None:
        return ""
    seconds = (clock.now() - when).total_seconds()
    text = words_for(abs(seconds)) if seconds >= 0 else f"in {words_for(-seconds)}"
    return format_html('<time class="nowrap" datetime="{}" title="{}">{}</time>', when.isoformat(), _in_utc(when), text)


def _in_utc(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


@register.filter
def code(text: str) -> SafeString:
    """What stands between backticks, as code."""
    parts = text.split("`")
    return format_html_join(
        "", "{}", ((format_html("<code>{}</code>", part) if place % 2 else part,) for place, part in enumerate(parts))
    )


@register.filter
def pretty(value: Any) -> str:
    """A JSON document, indented. It is escaped as any text; what calls this has masked it."""
    return json.dumps(value, indent=2, ensure_ascii=False)


@register.simple_tag
def spark(totals: Sequence[int], failures: Sequence[int] = (), label: str = "") -> SafeString:
    """A bar for each number, in a picture of 4 × 24 pixels a bar; the part that failed in red."""
    most = max([*totals, 1])
    width, height = 4 * len(totals), 24
    bars = [("", 4 * place, total) for place, total in enumerate(totals)]
    bars += [("failures", 4 * place, failed) for place, failed in enumerate(failures)]
    drawn = format_html_join(
        "",
        '<rect class="{}" x="{}" y="{}" width="3" height="{}"></rect>',
        (
            (kind, x, height - tall, tall)
            for kind, x, count in bars
            if (tall := round(height * count / most) or int(count > 0))
        ),
    )
    return format_html(
        '<svg class="spark" role="img" aria-label="{}" width="{}" height="{}" viewBox="0 0 {} {}">{}</svg>',
        label,
        width,
        height,
        width,
        height,
        drawn,
    )
