"""An act as a sentence: who did what to what, and why. What this page does not know is shown by its name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from queueapp.models import Act
from queueapp.redaction import masked, masked_text

DONE = {
    "apikey.create": "made the API key",
    "apikey.revoke": "revoked the API key",
    "artifact.download": "downloaded the artifact",
    "cluster.drain": "drained the cluster",
    "config.rotate": "encrypted anew the",
    "config_key.delete": "deleted the configuration key",
    "config_key.save": "declared the configuration key",
    "error.ignore": "ignored the error",
    "error.reopen": "reopened the error",
    "error.resolve": "resolved the error",
    "maintenance.run": "ran maintenance",
    "member.add": "added the member",
    "member.change": "changed the member",
    "member.remove": "removed the member",
    "queue.add": "added the queue",
    "queue.pause": "paused the queue",
    "queue.resume": "resumed the queue",
    "queue.strategy": "changed the order of the queue",
    "route.add": "added the route",
    "route.change": "changed the route",
    "route.delete": "deleted the route",
    "schedule.change": "changed the schedule",
    "schedule.create": "created the schedule",
    "schedule.declare": "declared the schedule",
    "schedule.delete": "deleted the schedule",
    "schedule.fire": "fired the schedule",
    "schedule.pause": "paused the schedule",
    "schedule.resume": "resumed the schedule",
    "schedule.undeclare": "no longer declares the schedule",
    "task.cancel": "cancelled",
    "task.purge": "purged tasks that",
    "task.redrive": "redrove",
    "task.reprioritise": "reprioritised",
    "task.retry": "retried",
    "tenant.change": "changed the tenant",
    "tenant.create": "created the tenant",
    "tenant.lower_limits": "lowered the limits of",
    "user.password": "gave a new password to",
    "worker.stop": "stopped, after its task, the worker",
}
REFUSED = {
    "csrf_failed": "sent a form that did not come from this site",
    "failed_authentication": "failed to sign in",
    "forbidden": "was forbidden",
    "not_visible": "asked in vain for",
    "rate_limit_exceeded": "tried too often",
}
CONFIGURED = {"set": "set", "unset": "unset", "rollback": "rolled back"}
KNOWN_ACTIONS = sorted({*DONE, *REFUSED, *CONFIGURED})
MOST_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Sentence:
    """`who` `did` `what`, and where a reason was given: `reason`. All of it is text of strangers, masked and cut."""

    who: str
    did: str
    what: str
    reason: str

    def __str__(self) -> str:
        return " ".join(filter(None, (self.who, self.did, self.what))) + (f": {self.reason}" if self.reason else "")


def sentence(act: Act) -> Sentence:
    detail = masked(act.detail) if isinstance(act.detail, dict) else {}
    who = act.actor.partition(":")[2] or act.actor
    did, what = _told(act, detail)
    return Sentence(*(_cut(text) for text in (who, did, what, _text(detail.get("reason") or detail.get("note")))))


def _told(act: Act, detail: Mapping[str, Any]) -> tuple[str, str]:
    match act.source:
        case "security":
            event, _, summary = act.action.partition("_summary")
            if act.action.endswith("_summary") and not summary:
                return REFUSED.get(event, event), f"{_number(detail.get('not_listed'))} times more"
            return REFUSED.get(act.action, act.action), " ".join(_texts(detail, "method", "path"))
        case "configuration":
            done = CONFIGURED.get(act.action, act.action)
            return (done if detail.get("status") == "success" else f"tried to change ({act.action})"), act.target
    if act.action.startswith("error."):
        return DONE.get(act.action, act.action), _text(detail.get("title")) or act.target
    if act.action.startswith("task.") and not _is_id(act.target):
        return DONE.get(act.action, act.action), _tasks(act, detail)
    return DONE.get(act.action, act.action), act.target


def _tasks(act: Act, detail: Mapping[str, Any]) -> str:
    """How many of which tasks of whom, as far as the record says: `6,360 billing.charge of acme`."""
    counts, filters = _mapping(detail.get("counts")), _mapping(detail.get("filter")) or detail
    count = sum(value for value in counts.values() if isinstance(value, int))
    kind = _text(filters.get("type"))
    if not (count or kind):
        return act.target
    tenants = ", ".join(map(str, counts or detail.get("tenants") or ()))
    words = [f"{count:,}" if count else "all", kind or "tasks"]
    words += [f"of the queue {queue}" for queue in _texts(filters, "queue")]
    return " ".join([*words, *([f"of {tenants}"] if tenants else [])])


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(detail: Mapping[str, Any], *names: str) -> list[str]:
    return [text for name in names if (text := _text(detail.get(name)))]


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else "some"


def _cut(text: str) -> str:
    text = masked_text(text)
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"
