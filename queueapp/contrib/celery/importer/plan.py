"""Which tasks move, as what, and why others stay; from the source alone."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel

from queueapp.contrib.celery.importer import others
from queueapp.contrib.celery.importer.beat import schedule_source
from queueapp.contrib.celery.importer.configuration import DEFAULT_QUEUE, Configuration, read_configuration
from queueapp.contrib.celery.importer.findings import Report, Verdict
from queueapp.contrib.celery.importer.options import OUR_TIMEOUT, MappedOptions, map_options
from queueapp.contrib.celery.importer.source import read_project
from queueapp.contrib.celery.importer.survey import FoundTask, Survey, source_of, survey
from queueapp.type_patterns import is_task_type


@dataclass
class Move:
    """A task that moves. `options` are the sources of the decorator's keywords, `schedules` of its schedules."""

    task: FoundTask
    type: str
    bind: bool
    options: dict[str, str]
    schedules: list[str] = field(default_factory=list)

    @property
    def parameters(self) -> list[ast.arg]:
        return _parameters(self.task.function, self.bind)

    @property
    def untyped(self) -> set[str]:
        return {each.arg for each in self.parameters if each.annotation is None}


@dataclass
class Plan:
    root: Path
    report: Report
    surveys: list[Survey]
    moves: list[Move]
    left: list[FoundTask]

    def moves_of(self, module: Survey) -> list[Move]:
        return [move for move in self.moves if move.task.source is module.source]

    def may_replace_names(self, module: Survey) -> bool:
        """Whether nothing in it has to do with Celery any more: other names of Celery's get their counterparts."""
        in_module = [task for task in self.left if task.source is module.source]
        return not (in_module if self.moves_of(module) else self.left)


def make_plan(root: Path) -> Plan:
    """Read a project and decide. Nothing is imported, run or written."""
    report = Report()
    surveys = survey(read_project(root, report))
    configuration = read_configuration(surveys, report)
    planner = _Planner(report, configuration, surveys)
    for module in surveys:
        planner.decide(module)
    planner.schedule()
    planner.tell_what_goes_with_celery()
    return Plan(root, report, surveys, planner.moves, planner.left)


class _Planner:
    def __init__(self, report: Report, configuration: Configuration, surveys: list[Survey]) -> None:
        self.moves: list[Move] = []
        self.left: list[FoundTask] = []
        self._report = report
        self._configuration = configuration
        self._surveys = surveys
        self._tasks = [task for module in surveys for task in module.tasks]
        self._places: dict[str, list[str]] = defaultdict(list)  # in workflows, by the task's path
        keys = {task.key for task in self._tasks}
        for module in surveys:
            for use in others.look_at(module, keys, report):
                self._places[use.task].append(use.place)

    def decide(self, module: Survey) -> None:
        for task in module.tasks:
            if task.moved:
                continue
            first = _first_parameter(task.function)
            mapped = map_options(
                task.options,
                self._configuration.task_defaults,
                retries_itself=others.retries_itself(task.function, first),
            )
            if reasons := [*self._reasons_to_stay(task, mapped), *mapped.left]:
                self.left.append(task)
                self._say(Verdict.NOT_YET, task, f"stays with Celery: {'; '.join(reasons)}")
            else:
                self._move(task, mapped)

    def _move(self, task: FoundTask, mapped: MappedOptions) -> None:
        name = task.celery_name or ""
        queue = self._configuration.queue_of(name)
        if "queue" not in mapped.ours and queue not in (None, DEFAULT_QUEUE):
            mapped.ours["queue"] = source_of(ast.Constant(queue))
        if mapped.ours.get("queue") == f'"{DEFAULT_QUEUE}"':
            del mapped.ours["queue"]
        move = Move(task, name, mapped.bind, mapped.ours)
        self.moves.append(move)
        shown = ", ".join(f"{option}={value}" for option, value in mapped.ours.items())
        self._say(Verdict.MAPS, task, f"task {name}{f' with {shown}' if shown else ''}")
        for verdict, option, words in mapped.notes:
            self._report.add(verdict, task.source.path, task.decorator.lineno, f"{name} {option}", words)
        if move.untyped:
            words = f"{', '.join(sorted(move.untyped))}: without a type, so Any, and a worker gets what JSON made of it"
            self._say(Verdict.DIFFERS, task, words)

    def _reasons_to_stay(self, task: FoundTask, mapped: MappedOptions) -> Iterator[str]:
        name = task.celery_name
        if task.nested:
            yield "it is defined inside a function, a class or a condition"
        if task.twice:
            yield "its module has another function of its name"
        if task.has_star_options:
            yield "its options are not written out (**)"
        if isinstance(task.decorator, ast.Call) and task.decorator.args:
            yield "its decorator has positional arguments"
        if isinstance(task.function, ast.AsyncFunctionDef):
            yield "it is an `async def` function"
        if name is None:
            yield "its name is not written out"
        elif not is_task_type(name):
            yield f"{name!r} is no name of a type: ASCII letters, digits, `_` and `-`, with dots between, at most 200"
        elif len(twins := [each for each in self._tasks if each.celery_name == name]) > 1:
            yield f"{len(twins)} tasks are called {name}"
        yield from _faults_of_signature(task.function, mapped.bind)
        if mapped.bind and (first := _first_parameter(task.function)):
            for line, words in others.faults_of_bound(task.function, first):
                yield f"{words} in line {line} has no counterpart"
        if places := self._places.get(task.key):
            yield f"it is part of a workflow, or called with options that have no counterpart, at {', '.join(places)}"

    def schedule(self) -> None:
        """Give each entry of the beat to its task."""
        for entry in self._configuration.beat:
            subject = f"beat {entry.key!r}"
            move = next((each for each in self.moves if each.type == entry.task), None)
            if move is None:
                verdict, words = self._why_not(entry.task)
                self._report.add(verdict, entry.source_path, entry.line, subject, words)
                continue
            try:
                names = [each.arg for each in move.parameters]
                made = schedule_source(entry, names, self._configuration.timezone)
            except ValueError as error:
                self._report.add(Verdict.NOT_YET, entry.source_path, entry.line, subject, f"is left out: {error}")
            else:
                move.schedules.append(made)
                self._report.add(Verdict.MAPS, entry.source_path, entry.line, subject, f"{entry.task}: {made}")

    def _why_not(self, name: str) -> tuple[Verdict, str]:
        known = next((task for task in self._tasks if task.celery_name == name), None)
        if known is None:
            return Verdict.NOT_YET, f"there is no task {name} here"
        if known.moved:
            return Verdict.MAPS, f"{name} is moved already, and its schedules with it"
        return Verdict.NOT_YET, f"stays, as its task {name} does"

    def tell_what_goes_with_celery(self) -> None:
        without_limit = [move for move in self.moves if "timeout_seconds" not in move.options]
        if without_limit:
            words = f"so {len(without_limit)} tasks may run for {OUR_TIMEOUT} s, where Celery has no limit"
            self._say(Verdict.DIFFERS, without_limit[0].task, f"and others have no time_limit, {words}")
        for module in self._surveys:
            for name in sorted(module.apps):
                line = module.constants[name].lineno
                words = "remove it, and what imports it, when no task is left with Celery"
                self._report.add(Verdict.EDIT, module.source.path, line, f"app {name}", words)

    def _say(self, verdict: Verdict, task: FoundTask, words: str) -> None:
        self._report.add(verdict, task.source.path, task.decorator.lineno, f"task {task.key}", words)


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef, bind: bool) -> list[ast.arg]:
    arguments = function.args
    found = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return found[1:] if bind else found


def _first_parameter(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    return next((each.arg for each in [*function.args.posonlyargs, *function.args.args]), None)


def _faults_of_signature(function: ast.FunctionDef | ast.AsyncFunctionDef, bind: bool) -> Iterator[str]:
    """What `@task` would refuse at the start."""
    arguments = function.args
    if bind and _first_parameter(function) is None:
        yield "it is bound, and has no parameter for the task itself"
    for starred in filter(None, [arguments.vararg, arguments.kwarg]):
        yield f"its parameter {starred.arg} takes any number of arguments: name each"
    for each in arguments.posonlyargs[bind:]:
        yield f"its parameter {each.arg} is positional-only"
    for each in _parameters(function, bind):
        if each.arg.startswith("_") or hasattr(BaseModel, each.arg):
            yield f"its parameter {each.arg} has a name that Pydantic keeps for itself"
