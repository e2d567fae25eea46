"""A module's source with its tasks moved: decorators, types of parameters, imports. Everything else stays as it is."""

import ast
from collections import Counter
from collections.abc import Sequence
from typing import TypeVar, cast

import libcst as cst
from libcst.helpers import get_full_name_for_node

from queueapp.contrib.celery.importer.findings import Refused
from queueapp.contrib.celery.importer.others import COUNTERPARTS
from queueapp.contrib.celery.importer.plan import Move, Plan
from queueapp.contrib.celery.importer.survey import Survey

BRIDGE = "queueapp.contrib.celery"
TIMING = "queueapp"
WIDTH = 100

Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement
ImportT = TypeVar("ImportT", cst.Import, cst.ImportFrom)


def rewritten(plan: Plan, module: Survey) -> bytes:
    """What the file is to hold; what it holds, where there is nothing to move. Raises Refused."""
    moves = plan.moves_of(module)
    replaced = plan.may_replace_names(module) and bool(set(module.names.values()) & set(COUNTERPARTS))
    if not moves and not replaced:
        return module.source.content
    try:
        tree = cst.parse_module(module.source.content)
    except cst.ParserSyntaxError as error:
        raise Refused(error.raw_line, f"cannot be rewritten by libcst: {error.message}") from error
    mover = _Mover(module, moves, replaced)
    body = [new for statement in tree.body if (new := mover.moved(statement)) is not None]
    place = next((number for number, each in enumerate(body) if not _is_at_the_top(each)), len(body))
    body[place:place] = mover.imports
    return tree.with_changes(body=body).bytes


class _Mover(cst.CSTTransformer):
    def __init__(self, module: Survey, moves: Sequence[Move], replaced: bool) -> None:
        super().__init__()
        self._moves = {move.task.function.name: move for move in moves}
        self._replaced = replaced
        self._unused = _unused_names(module, moves)
        self._depth = 0
        self._needed: dict[str, set[str]] = {}  # by module, what to import
        self._decorator = "queue_task" if _is_taken(module, "task") else "task"

    @property
    def imports(self) -> list[cst.SimpleStatementLine]:
        """Of what the new source needs."""
        lines = [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(self._needed.items())]
        return [cst.ensure_type(cst.parse_statement(line), cst.SimpleStatementLine) for line in lines]

    def moved(self, statement: Statement) -> Statement | None:
        """One of the module's own statements as it is to be; None where it goes.

        Only those are visited in which something may change: to visit all of a large file takes minutes.
        """
        match statement:
            case cst.FunctionDef() if statement.name.value not in self._moves:
                return statement
            case cst.SimpleStatementLine() if not _has_imports(statement):
                return statement
            case cst.ClassDef() | cst.For() | cst.While() | cst.With():
                return statement
        new = statement.visit(self)
        is_gone = isinstance(new, cst.SimpleStatementLine) and not new.body
        return None if is_gone else cast(Statement, new)

    def visit_ClassDef(self, node: cst.ClassDef) -> None:  # noqa: N802 (libcst's name)
        self._depth += 1

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:  # noqa: N802
        self._depth -= 1
        return updated_node

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:  # noqa: N802
        self._depth += 1

    def leave_FunctionDef(  # noqa: N802
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        self._depth -= 1
        move = self._moves.get(original_node.name.value)
        if move is None or self._depth:
            return updated_node
        decorators = list(updated_node.decorators)
        place = move.task.function.decorator_list.index(move.task.decorator)
        decorators[place] = decorators[place].with_changes(decorator=cst.parse_expression(self._call(move)))
        self._need(BRIDGE, "task", self._decorator)
        typed = updated_node.params.visit(_Typer(move.untyped))
        if move.untyped:
            self._need("typing", "Any")
        return updated_node.with_changes(decorators=decorators, params=typed)

    def leave_ImportFrom(  # noqa: N802
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.ImportFrom | cst.RemovalSentinel:
        if self._depth or isinstance(updated_node.names, cst.ImportStar):
            return updated_node
        package = "" if original_node.relative else get_full_name_for_node(original_node.module or "") or ""
        return _with_names(updated_node, [each for each in updated_node.names if self._stays(each, package)])

    def leave_Import(  # noqa: N802
        self, original_node: cst.Import, updated_node: cst.Import
    ) -> cst.Import | cst.RemovalSentinel:
        if self._depth:
            return updated_node
        return _with_names(updated_node, [each for each in updated_node.names if _local(each) not in self._unused])

    def _stays(self, alias: cst.ImportAlias, package: str) -> bool:
        """Whether it is still imported from there; its counterpart is, where it has one."""
        counterpart = COUNTERPARTS.get(f"{package}.{alias.evaluated_name}") if self._replaced else None
        if counterpart is not None:
            self._need(*counterpart, _local(alias))
        return counterpart is None and _local(alias) not in self._unused

    def _call(self, move: Move) -> str:
        words = [f'"{move.type}"', *(["bind=True"] if move.bind else [])]
        words += [f"{name}={value}" for name, value in move.options.items()]
        if move.schedules:
            for name in ("Cron", "Every", "Scheduled"):
                if any(f"{name}(" in schedule for schedule in move.schedules):
                    self._need(TIMING, name)
            one = len(move.schedules) == 1
            words.append(f"schedule={move.schedules[0]}" if one else f"schedule=[{', '.join(move.schedules)}]")
        line = f"{self._decorator}({', '.join(words)})"
        return line if len(line) < WIDTH else f"{self._decorator}(\n    " + ",\n    ".join(words) + ",\n)"

    def _need(self, module: str, name: str, known_as: str | None = None) -> None:
        self._needed.setdefault(module, set()).add(name if known_as in (None, name) else f"{name} as {known_as}")


class _Typer(cst.CSTTransformer):
    """Gives parameters without a type the type Any."""

    def __init__(self, names: set[str]) -> None:
        super().__init__()
        self._names = names

    def visit_Lambda(self, node: cst.Lambda) -> bool:  # noqa: N802
        return False  # as a default, with parameters of its own

    def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param:  # noqa: N802
        if original_node.name.value not in self._names or original_node.annotation is not None:
            return updated_node
        changed = updated_node.with_changes(annotation=cst.Annotation(cst.Name("Any")))
        if isinstance(changed.equal, cst.AssignEqual):
            space = cst.SimpleWhitespace(" ")
            changed = changed.with_changes(equal=cst.AssignEqual(space, space))
        return changed


def _has_imports(line: cst.SimpleStatementLine) -> bool:
    return any(isinstance(each, cst.Import | cst.ImportFrom) for each in line.body)


def _is_at_the_top(statement: Statement) -> bool:
    """Whether it is an import, or the module's docstring."""
    if not isinstance(statement, cst.SimpleStatementLine):
        return False
    first = statement.body[0]
    return _has_imports(statement) or (isinstance(first, cst.Expr) and isinstance(first.value, cst.SimpleString))


def _with_names(node: ImportT, names: list[cst.ImportAlias]) -> ImportT | cst.RemovalSentinel:
    if isinstance(node.names, cst.ImportStar) or len(names) == len(node.names):
        return node
    if not names:
        return cst.RemoveFromParent()
    names[-1] = names[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return node.with_changes(names=names)


def _local(alias: cst.ImportAlias) -> str:
    """The name that an import makes."""
    return alias.evaluated_alias or alias.evaluated_name.split(".")[0]


def _unused_names(module: Survey, moves: Sequence[Move]) -> set[str]:
    """What only the decorators needed that go. By names alone: an analysis of scopes takes hours for a large file."""
    uses: Counter[str] = Counter()
    for node in ast.walk(module.source.tree):
        if isinstance(node, ast.Name):
            uses[node.id] += 1
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):  # as in __all__
            uses[node.value] += 1
    in_decorators = Counter(filter(None, (_first_name(move.task.decorator) for move in moves)))
    return {name for name, count in in_decorators.items() if uses[name] == count}


def _first_name(decorator: ast.expr) -> str | None:
    node = decorator.func if isinstance(decorator, ast.Call) else decorator
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _is_taken(module: Survey, name: str) -> bool:
    """Whether the module has something else of this name."""
    path = module.names.get(name)
    defined = {getattr(node, "name", None) for node in module.source.tree.body}
    return (path is not None and path not in ("celery.task", f"{BRIDGE}.task")) or name in {*module.constants, *defined}
