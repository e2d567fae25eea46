"""The options of a task of Celery's, as options of ours."""

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from queueapp.contrib.celery.importer.findings import Verdict
from queueapp.contrib.celery.importer.survey import literal, source_of

CELERYS_RETRIES = 3
CELERYS_DELAY = 180
CELERYS_LONGEST_DELAY = 600
OUR_TIMEOUT = 300
OUR_LONGEST = 600  # the setting TASK_MAX_RUNTIME_SECONDS, which holds for types that name no maximum of their own

# without a counterpart, because what they ask for is always so, or is nobody's concern here
ALWAYS_SO = {
    "acks_late": "a task is done when it has run, never before: it runs again if its worker dies",
    "acks_on_failure_or_timeout": "a task that failed is kept, whatever this says",
    "reject_on_worker_lost": "a task whose worker dies always runs again",
    "track_started": "a task that runs is always shown as such",
    "store_errors_even_if_ignored": "errors are always kept",
    "ignore_result": "the result is kept in the task's row",
    "pydantic": "parameters are always checked by Pydantic",
    "send_events": "every move is in the task's log",
    "throws": "every error is kept with the task, and logged once",
}
NOT_YET = {
    "rate_limit": "there is no rate of starts for a type; the task is moved without it",
    "priority": "a type has no priority of its own: give one at apply_async(priority=…); the task is moved without it",
}
LEFT = {
    "base": "classes of tasks are not moved",
    "serializer": "parameters are JSON",
    "typing": "parameters are always checked",
    "on_failure": "handlers of failures are not moved",
    "on_success": "handlers of successes are not moved",
}


@dataclass
class MappedOptions:
    """`ours` has the source of each value; `notes` are (verdict, option, words); `left` says why the task stays."""

    bind: bool = False
    ours: dict[str, str] = field(default_factory=dict)
    notes: list[tuple[Verdict, str, str]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def note(self, verdict: Verdict, option: str, words: str) -> None:
        self.notes.append((verdict, option, words))


def map_options(options: dict[str, ast.expr], defaults: dict[str, ast.expr], *, retries_itself: bool) -> MappedOptions:
    """`defaults` are the project's for all tasks; `retries_itself`: the function calls self.retry()."""
    mapped = MappedOptions()
    given = dict(options)
    given.pop("name", None)
    try:
        mapped.bind = bool(literal(given.pop("bind", ast.Constant(False))))
        retry_kwargs = _retry_kwargs(given.pop("retry_kwargs", None))
    except ValueError:
        mapped.left.append("`bind` or `retry_kwargs` is no literal")
        return mapped
    for name, value in retry_kwargs.items():
        given.setdefault({"countdown": "default_retry_delay"}.get(name, name), value)
    _retries(given, mapped, retries_itself)
    _limits({**defaults, **given}, mapped)
    for name in ("time_limit", "soft_time_limit"):
        given.pop(name, None)
    for name, value in given.items():
        _other(name, value, mapped)
    return mapped


def _retry_kwargs(node: ast.expr | None) -> dict[str, ast.expr]:
    """Raises ValueError for what is no dictionary written out."""
    if node is None:
        return {}
    if not isinstance(node, ast.Dict):
        raise ValueError("retry_kwargs is no dictionary")
    return {str(literal(key)): value for key, value in zip(node.keys, node.values, strict=True)}


def _retries(given: dict[str, ast.expr], mapped: MappedOptions, retries_itself: bool) -> None:
    retried_for = given.pop("autoretry_for", None)
    never = given.pop("dont_autoretry_for", None)
    most = given.pop("max_retries", None)
    delay = given.pop("default_retry_delay", None)
    backoff = {name: given.pop(name, None) for name in ("retry_backoff", "retry_backoff_max", "retry_jitter")}
    if retried_for is None and not retries_itself:
        return  # nothing retries it: with us too, a task has no retries unless it says so
    if most is not None and source_of(most) == "None":
        mapped.left.append("`max_retries=None` asks for retries without end: write a number")
        return
    mapped.ours["max_retries"] = source_of(most) if most else str(CELERYS_RETRIES)
    mapped.ours["retry_on"] = source_of(retried_for) if retried_for else "()"
    if never is not None:
        mapped.ours["give_up_on"] = source_of(never)
    _delays(backoff, delay, mapped)


def _delays(backoff: dict[str, ast.expr | None], delay: ast.expr | None, mapped: MappedOptions) -> None:
    try:
        grows = literal(backoff["retry_backoff"] or ast.Constant(False))
        jitter = literal(backoff["retry_jitter"] or ast.Constant(True))
    except ValueError:
        mapped.note(Verdict.NOT_YET, "retry_backoff", "is no literal: the delays are ours, 1 s and doubling")
        return
    if not grows:  # the same delay each time
        seconds = _above_zero(delay) if delay else str(CELERYS_DELAY)
        mapped.ours.update(retry_base_seconds=seconds, retry_max_seconds=seconds, retry_jitter="0")
        return
    first = str(max(1, int(grows))) if isinstance(grows, int | float) else "1"
    given = backoff["retry_backoff_max"]
    longest = _above_zero(given) if given else str(CELERYS_LONGEST_DELAY)
    if longest.isdecimal() and int(first) > int(longest):
        first = longest
    mapped.ours.update(retry_base_seconds=first, retry_max_seconds=longest)
    mapped.ours["retry_jitter"] = "0.5" if jitter else "0"
    if jitter:
        mapped.note(Verdict.DIFFERS, "retry_jitter", "a delay is 50 to 150 % of what is due; Celery's is 0 to 100 %")


def _above_zero(node: ast.expr) -> str:
    """Its source; a delay of ours may be short, and not nothing."""
    text = source_of(node)
    return "0.1" if text in ("0", "0.0") else text


def _limits(given: dict[str, ast.expr], mapped: MappedOptions) -> None:
    hard, soft = given.get("time_limit"), given.get("soft_time_limit")
    if hard is not None and soft is not None and not _is_less(soft, hard):
        mapped.note(
            Verdict.DIFFERS, "soft_time_limit", "is left out: it does not lie before time_limit, so never comes"
        )
        soft = None
    if soft is not None:
        mapped.ours["soft_timeout_seconds"] = source_of(soft)
    if hard is not None:
        mapped.ours["timeout_seconds"] = _whole(hard, math.ceil)
        if not (mapped.ours["timeout_seconds"].isdecimal() and int(mapped.ours["timeout_seconds"]) <= OUR_LONGEST):
            mapped.ours["max_timeout_seconds"] = mapped.ours["timeout_seconds"]
    elif soft is not None:  # which must lie before the limit itself
        mapped.ours["timeout_seconds"] = _whole(soft, lambda seconds: max(OUR_TIMEOUT, math.ceil(seconds) + 60))


def _is_less(soft: ast.expr, hard: ast.expr) -> bool:
    """True also where that is not written down."""
    try:
        first, second = literal(soft), literal(hard)
    except ValueError:
        return True
    return not (isinstance(first, int | float) and isinstance(second, int | float)) or first < second


def _whole(node: ast.expr, rounded: Callable[[float], int]) -> str:
    try:
        value = literal(node)
    except ValueError:
        return source_of(node)
    return str(rounded(value)) if isinstance(value, int | float) else source_of(node)


def _other(name: str, value: ast.expr, mapped: MappedOptions) -> None:
    if name == "queue":
        mapped.ours["queue"] = source_of(value)
    elif name == "expires":
        mapped.ours["expires_seconds"] = source_of(value)
    elif name in ALWAYS_SO:
        mapped.note(Verdict.MAPS, name, ALWAYS_SO[name])
    elif name == "serializer" and source_of(value) == '"json"':
        mapped.note(Verdict.MAPS, name, "parameters are JSON")
    elif name in NOT_YET:
        mapped.note(Verdict.NOT_YET, name, NOT_YET[name])
    else:
        mapped.left.append(f"`{name}`: {LEFT.get(name, 'the option has no counterpart')}")
