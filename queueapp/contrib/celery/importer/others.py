"""What else of Celery a module uses: workflows, calls with options, results, signals. Each is told with its place."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from queueapp.contrib.celery.functions import WITHOUT_EFFECT
from queueapp.contrib.celery.importer.findings import Report, Verdict
from queueapp.contrib.celery.importer.survey import Survey

CANVAS = {"chain", "group", "chord", "chunks", "signature", "subtask", "xmap", "xstarmap"}
# what the bridge has of a task; anything else of Celery's keeps it there
OF_TASK = {"delay", "delay_on_commit", "apply_async", "apply_async_on_commit", "name", "__name__", "__doc__"}
SIGNATURES = {"s", "si", "signature", "subtask", "map", "starmap", "chunks"}
CALL_OPTIONS = {"args", "kwargs", "countdown", "eta", "expires", "queue", "priority"} | WITHOUT_EFFECT
RETRY_OPTIONS = {"exc", "countdown", "eta", "max_retries"}
OF_BOUND = {"retry", "request", "name", "max_retries", "MaxRetriesExceededError"}
OF_REQUEST = {"id", "retries", "called_directly"}
# where a name of Celery's is found here; None: what uses it stays with Celery
COUNTERPARTS: dict[str, tuple[str, str] | None] = {
    "celery.utils.log.get_task_logger": ("logging", "getLogger"),
    "celery.exceptions.SoftTimeLimitExceeded": ("queueapp", "SoftTimeout"),
    "celery.exceptions.MaxRetriesExceededError": ("queueapp.contrib.celery", "MaxRetriesExceededError"),
    "celery.exceptions.Retry": ("queueapp", "RetryLater"),
    "celery.result.AsyncResult": ("queueapp.contrib.celery", "AsyncResult"),
}
EXPLAINED = {"celery.shared_task", "celery.Celery", "celery.schedules.crontab", "celery.schedules", "celery"}
NO_CHAINS = "is not moved: submit the next task at the end of the one before, with delay()"


@dataclass(frozen=True, slots=True)
class SignatureUse:
    """A task is used as a part of a workflow, or in another way that a row of ours has no counterpart for."""

    task: str
    place: str


def look_at(module: Survey, tasks: set[str], report: Report) -> Iterator[SignatureUse]:
    """Tell what a module uses; `tasks` are the paths of all tasks. Yields the uses that keep a task where it is."""
    path = module.source.path
    for name, target in module.names.items():
        if target.startswith(("celery.", "kombu.")) and target not in EXPLAINED and target not in COUNTERPARTS:
            words = NO_CHAINS if target.split(".")[-1] in CANVAS else "has no counterpart"
            report.add(Verdict.NOT_YET, path, _line_of(module, name), target, words)
    for node in ast.walk(module.source.tree):
        if isinstance(node, ast.Attribute) and node.attr not in OF_TASK:
            task = module.path_of(node.value)
            if task in tasks:
                words = NO_CHAINS if node.attr in SIGNATURES else "has no counterpart"
                report.add(Verdict.NOT_YET, path, node.lineno, f"{task}.{node.attr}", words)
                yield SignatureUse(task, f"{path}:{node.lineno}")
        if isinstance(node, ast.Constant) and node.value == "django_celery_beat":
            words = "its rows are not read: write each schedule as schedule= at its task, or add it as a row of ours"
            report.add(Verdict.NOT_YET, path, node.lineno, "django_celery_beat", words)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from _calls(node, node.func, module, tasks, report)


def _calls(
    node: ast.Call, function: ast.Attribute, module: Survey, tasks: set[str], report: Report
) -> Iterator[SignatureUse]:
    path, keywords = module.source.path, {each.arg or "**" for each in node.keywords}
    task = module.path_of(function.value)
    if function.attr == "send_task":
        words = "names a task by its text: call queueapp.submit(type, params)"
        report.add(Verdict.NOT_YET, path, node.lineno, "send_task", words)
    elif function.attr in ("apply_async", "apply_async_on_commit") and task in tasks:
        if unknown := keywords - CALL_OPTIONS - {"**"}:
            listed = ", ".join(sorted(unknown))
            report.add(Verdict.NOT_YET, path, node.lineno, f"{task}.apply_async", f"{listed}: has no counterpart")
            yield SignatureUse(task, f"{path}:{node.lineno}")
        if "priority" in keywords:
            words = "0 is the most urgent, as with a Redis; with RabbitMQ it was the other way"
            report.add(Verdict.DIFFERS, path, node.lineno, f"{task}.apply_async", words)


def faults_of_bound(function: ast.AST, first: str) -> Iterator[tuple[int, str]]:
    """What a bound function does with itself that the bridge has nothing for: (line, words)."""
    for node in ast.walk(function):
        match node:
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id=name), attr="request"), attr=attribute):
                if name == first and attribute not in OF_REQUEST:
                    yield node.lineno, f"{first}.request.{attribute}"
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name == first:
                if attribute not in OF_BOUND:
                    yield node.lineno, f"{first}.{attribute}"
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="retry"), keywords=keywords, args=args):
                unknown = {each.arg or "**" for each in keywords} - RETRY_OPTIONS
                if name == first and (unknown or args):
                    yield node.lineno, f"{first}.retry({', '.join(sorted(unknown)) or 'args'})"


def retries_itself(function: ast.AST, first: str | None) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == "retry"
        and isinstance(node.value, ast.Name)
        and node.value.id == first
        for node in ast.walk(function)
    )


def _line_of(module: Survey, name: str) -> int:
    for node in ast.walk(module.source.tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and any(
            name in (each.asname, each.name, each.name.split(".")[0]) for each in node.names
        ):
            return node.lineno
    return 0
