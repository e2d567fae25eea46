"""An entry of the beat's schedule as the source of a schedule of ours. Everything raises ValueError, saying why not."""

import ast
import re
from collections.abc import Sequence
from datetime import timedelta

from queueapp.contrib.celery.importer.configuration import BeatEntry
from queueapp.contrib.celery.importer.survey import Survey, literal, source_of

CRON_FIELDS = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")  # in the order of an expression
CRONTAB_ARGUMENTS = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")  # in Celery's


def schedule_source(entry: BeatEntry, parameters: Sequence[str], timezone: str) -> str:
    """Such as `Scheduled(Cron("0 3 * * *", "Europe/Berlin"), name="nightly")`; `parameters` are the task's, by name."""
    parts = [_timing(entry.schedule, entry.module, timezone), f"name={_quoted(_name(entry.key))}"]
    if params := _params(entry, parameters):
        parts.append(f"params={_dictionary(params)}")
    if options := _options(entry):
        parts.append(f"options={_dictionary(options)}")
    return f"Scheduled({', '.join(parts)})"


def _timing(node: ast.expr, module: Survey | None, timezone: str) -> str:
    path = module.path_of(node.func) if module and isinstance(node, ast.Call) else None
    if isinstance(node, ast.Call) and path == "celery.schedules.crontab":
        return f"Cron({_quoted(_cron(node))}, {_quoted(timezone)})"
    if isinstance(node, ast.Call) and path == "datetime.timedelta":
        return _every(_seconds_of(node))
    if isinstance(node, ast.Call):
        raise ValueError(f"{ast.unparse(node.func)}(…) has no counterpart")
    seconds = literal(node)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ValueError("its `schedule` is neither a number of seconds nor a timedelta or crontab that is written out")
    return _every(seconds)


def _every(seconds: float) -> str:
    if seconds != int(seconds) or seconds < 1:
        raise ValueError(f"an interval is a whole number of seconds, and this is {seconds:g}")
    return f"Every(seconds={int(seconds)})"


def _seconds_of(node: ast.Call) -> float:
    given = {each.arg or "": literal(each.value) for each in node.keywords}
    values = [literal(each) for each in node.args]
    try:
        return timedelta(*values, **given).total_seconds()  # type: ignore[arg-type]
    except (TypeError, OverflowError) as error:
        raise ValueError(f"its timedelta cannot be: {error}") from error


def _cron(node: ast.Call) -> str:
    given = dict(zip(CRONTAB_ARGUMENTS, map(literal, node.args), strict=False))
    given |= {each.arg or "**": literal(each.value) for each in node.keywords}
    if unknown := set(given) - set(CRON_FIELDS):
        raise ValueError(f"crontab has {', '.join(sorted(unknown))}, which a cron expression has not")
    fields = {name: _cron_field(given.get(name, "*")) for name in CRON_FIELDS}
    if "*" not in (fields["day_of_month"], fields["day_of_week"]):
        raise ValueError("Celery wants its day of the month and its day of the week, where cron takes either")
    return " ".join(fields.values())


def _cron_field(value: object) -> str:
    values = value if isinstance(value, list | tuple | set) else [value]
    text = ",".join(str(each) for each in values).replace(" ", "")
    return re.sub("[A-Za-z]+", lambda name: name[0][:3].upper(), text)


def _name(key: str) -> str:
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", key).strip("-_.")[:200]
    if not name:
        raise ValueError("its name has no letter or digit that a name of ours may have")
    return name


def _params(entry: BeatEntry, parameters: Sequence[str]) -> dict[str, object]:
    if len(entry.args) > len(parameters):
        raise ValueError(f"it has {len(entry.args)} args, and its task {len(parameters)} parameters")
    named = dict(zip(parameters, entry.args, strict=False)) | entry.kwargs
    return {name: literal(value) for name, value in named.items()}


def _options(entry: BeatEntry) -> dict[str, object]:
    options: dict[str, object] = {}
    for name, node in entry.options.items():
        value = literal(node)
        if name == "queue":
            options["queue"] = value
        elif name == "expires" and isinstance(value, int | float):
            options["expires_seconds"] = value
        else:
            raise ValueError(f"its option {name!r} has no counterpart")
    return options


def _dictionary(values: dict[str, object]) -> str:
    return source_of(ast.parse(repr(values), mode="eval").body)


def _quoted(text: str) -> str:
    return source_of(ast.Constant(text))
