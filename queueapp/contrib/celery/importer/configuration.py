"""A project's settings of Celery: routes and limits for its tasks, the schedules of its beat, the rest in words."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from queueapp.contrib.celery.importer.findings import Report, Verdict
from queueapp.contrib.celery.importer.survey import FoundSetting, Survey, literal

TASK_DEFAULTS = {"task_time_limit": "time_limit", "task_soft_time_limit": "soft_time_limit"}
DEFAULT_QUEUE = "celery"
IN_WORDS = {
    "broker_url": (
        Verdict.EDIT,
        'TASKRUNNER = {"REDIS_URL": …}: a Redis, which only notifies; tasks are in PostgreSQL',
    ),
    "result_backend": (Verdict.EDIT, "remove it: results are in the rows of the tasks"),
    "timezone": (Verdict.MAPS, "each schedule that is moved says its zone"),
    "task_always_eager": (Verdict.NOT_YET, "in tests, the kit runs tasks at once or on demand (docs/testing.md)"),
    "task_acks_late": (Verdict.MAPS, "it is always so"),
    "task_ignore_result": (Verdict.DIFFERS, "results are kept, as long as TASK_RETENTION_DAYS says"),
    "result_expires": (Verdict.DIFFERS, "results are kept as long as TASK_RETENTION_DAYS says"),
    "task_track_started": (Verdict.MAPS, "it is always so"),
    "worker_concurrency": (Verdict.EDIT, 'TASKRUNNER = {"WORKER_PROCESSES": …}'),
    "worker_prefetch_multiplier": (Verdict.DIFFERS, "workers find out by themselves; a type may say prefetch=False"),
    "worker_max_tasks_per_child": (Verdict.EDIT, 'TASKRUNNER = {"WORKER_MAX_TASKS": …}'),
    "beat_scheduler": (Verdict.EDIT, "remove it: every cluster fires schedules"),
    "task_annotations": (Verdict.NOT_YET, "write the options at each task"),
    "task_queues": (Verdict.MAPS, "`migrate` makes the queues that tasks name"),
    "broker_transport_options": (
        Verdict.DIFFERS,
        "there is no visibility time-out: a lease is renewed as long as its worker lives",
    ),
}
JSON_ONLY = ("task_serializer", "result_serializer", "accept_content")


@dataclass(frozen=True, slots=True)
class BeatEntry:
    source_path: str
    line: int
    key: str
    task: str
    schedule: ast.expr
    args: list[ast.expr] = field(default_factory=list)
    kwargs: dict[str, ast.expr] = field(default_factory=dict)
    options: dict[str, ast.expr] = field(default_factory=dict)
    module: Survey | None = None  # where its names are


@dataclass
class Configuration:
    """`routes` are (pattern, the queue, the place)."""

    routes: list[tuple[str, str]] = field(default_factory=list)
    task_defaults: dict[str, ast.expr] = field(default_factory=dict)
    beat: list[BeatEntry] = field(default_factory=list)
    default_queue: str = DEFAULT_QUEUE
    timezone: str = "UTC"

    def queue_of(self, celery_name: str) -> str | None:
        """Where routes send a task; None where none does."""
        exact = [queue for pattern, queue in self.routes if pattern == celery_name]
        matching = [queue for pattern, queue in self.routes if fnmatchcase(celery_name, pattern)]
        default = [self.default_queue] if self.default_queue != DEFAULT_QUEUE else []
        return next(iter([*exact, *matching, *default]), None)


def read_configuration(surveys: list[Survey], report: Report) -> Configuration:
    reader = _Reader(report)
    for module in surveys:
        for setting in module.settings:
            reader.read(setting, module)
    return reader.found


class _Reader:
    def __init__(self, report: Report) -> None:
        self.found = Configuration()
        self._report = report

    def read(self, setting: FoundSetting, module: Survey) -> None:
        value = _resolved(setting.value, module)
        match setting.name:
            case "task_routes" | "routes":
                self._routes(setting, value)
            case "beat_schedule" | "beat_schedules":
                self._beat(setting, value, module)
            case "task_default_queue" | "timezone":
                self._text(setting, value)
            case name if name in TASK_DEFAULTS:
                self.found.task_defaults[TASK_DEFAULTS[name]] = value
                self._say(setting, Verdict.MAPS, f"is written at each task, as {TASK_DEFAULTS[name]} would be")
            case name if name in JSON_ONLY:
                is_json = set(re.findall(r"'(.*?)'", ast.unparse(value))) <= {"json", "application/json"}
                words = "parameters and results are JSON"
                self._say(setting, Verdict.MAPS if is_json else Verdict.NOT_YET, words)
            case name:
                self._say(setting, *IN_WORDS.get(name, (Verdict.NOT_YET, "has no counterpart that is known here")))

    def _routes(self, setting: FoundSetting, value: ast.expr) -> None:
        for pattern, target in _route_items(value):
            try:
                found = literal(target)
                queue = found.get("queue") if isinstance(found, dict) else found
                if not isinstance(queue, str):
                    raise ValueError("it names no queue")
                self.found.routes.append((str(literal(pattern)), queue))
                self._say(setting, Verdict.MAPS, f"{literal(pattern)} → queue {queue!r}, written at the tasks", target)
            except ValueError as error:
                self._say(setting, Verdict.NOT_YET, f"a route is left out: {error}", target)

    def _beat(self, setting: FoundSetting, value: ast.expr, module: Survey) -> None:
        if not isinstance(value, ast.Dict):
            self._say(setting, Verdict.NOT_YET, "is no dictionary that is written out")
            return
        for key, entry in zip(value.keys, value.values, strict=True):
            try:
                self.found.beat.append(_beat_entry(setting, key, entry, module))
            except ValueError as error:
                self._say(setting, Verdict.NOT_YET, f"a schedule is left out: {error}", entry)

    def _text(self, setting: FoundSetting, value: ast.expr) -> None:
        try:
            text = str(literal(value))
        except ValueError:
            self._say(setting, Verdict.NOT_YET, "is no literal")
            return
        if setting.name == "timezone":
            self.found.timezone = text
        else:
            self.found.default_queue = text
        self._say(setting, Verdict.MAPS, f"{text!r} is written where it matters")

    def _say(self, setting: FoundSetting, verdict: Verdict, words: str, at: ast.expr | None = None) -> None:
        line = at.lineno if at is not None else setting.line
        self._report.add(verdict, setting.source.path, line, f"setting {setting.name}", words)


def _resolved(value: ast.expr, module: Survey) -> ast.expr:
    """What a name of the same module stands for."""
    return module.constants.get(value.id, value) if isinstance(value, ast.Name) else value


def _route_items(value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Of a dictionary, or a list of dictionaries and pairs; of a router that is a function, one that is refused."""
    match value:
        case ast.Dict(keys=keys, values=values):
            yield from ((key or ast.Constant(None), each) for key, each in zip(keys, values, strict=True))
        case ast.Tuple(elts=[ast.Constant() as pattern, target]):
            yield pattern, target
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            for part in parts:
                yield from _route_items(part)
        case _:
            yield value, value


def _beat_entry(setting: FoundSetting, key: ast.expr | None, entry: ast.expr, module: Survey) -> BeatEntry:
    """Raises ValueError, naming what is missing or is no literal."""
    if not isinstance(entry, ast.Dict):
        raise ValueError("it is no dictionary that is written out")
    parts = {str(literal(name)): value for name, value in zip(entry.keys, entry.values, strict=True)}
    if not {"task", "schedule"} <= set(parts):
        raise ValueError("it has no `task` or no `schedule`")
    args = parts.get("args", ast.Tuple([]))
    if not isinstance(args, ast.List | ast.Tuple):
        raise ValueError("its `args` are not written out")
    return BeatEntry(
        source_path=setting.source.path,
        line=entry.lineno,
        key=str(literal(key)),
        task=str(literal(parts["task"])),
        schedule=parts["schedule"],
        args=list(args.elts),
        kwargs=_members(parts.get("kwargs"), "kwargs"),
        options=_members(parts.get("options"), "options"),
        module=module,
    )


def _members(node: ast.expr | None, name: str) -> dict[str, ast.expr]:
    if node is None:
        return {}
    if not isinstance(node, ast.Dict):
        raise ValueError(f"its `{name}` are not written out")
    return {str(literal(key)): value for key, value in zip(node.keys, node.values, strict=True)}
