"""What one module says about Celery: its tasks, its settings, and what else of Celery it uses."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from queueapp.contrib.celery.importer.source import SourceFile

TASK_MODULES = ("celery", "queueapp.contrib.celery")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(slots=True)
class FoundTask:
    """A function that is decorated as a task of Celery's, or of the bridge: then it is moved already."""

    source: SourceFile
    function: Function
    decorator: ast.expr
    options: dict[str, ast.expr]
    has_star_options: bool
    nested: bool  # in another function, a class or a condition
    twice: bool  # its module has another function of its name
    moved: bool

    @property
    def celery_name(self) -> str | None:
        """None where it is not written down."""
        if self.moved and isinstance(self.decorator, ast.Call):
            return _text(self.decorator.args[0]) if self.decorator.args else None
        if "name" in self.options:
            return _text(self.options["name"])
        return f"{self.source.module}.{self.function.name}"

    @property
    def key(self) -> str:
        """Where it is: the name by which other modules import it."""
        return f"{self.source.module}.{self.function.name}"


@dataclass(slots=True)
class FoundSetting:
    """`name` is in small letters and without the prefix, as in `app.conf.task_routes`."""

    source: SourceFile
    line: int
    name: str
    value: ast.expr


@dataclass(slots=True)
class Survey:
    """Of one module. `names` says what each imported name stands for, as a dotted path."""

    source: SourceFile
    names: dict[str, str] = field(default_factory=dict)
    apps: set[str] = field(default_factory=set)
    tasks: list[FoundTask] = field(default_factory=list)
    settings: list[FoundSetting] = field(default_factory=list)
    constants: dict[str, ast.expr] = field(default_factory=dict)  # what the module's own names are set to

    def path_of(self, node: ast.expr) -> str | None:
        """The dotted path that an expression of names and attributes stands for, as this module's imports have it."""
        match node:
            case ast.Name(id=name):
                return self.names.get(name, f"{self.source.module}.{name}")
            case ast.Attribute(value=value, attr=attribute):
                path = self.path_of(value)
                return f"{path}.{attribute}" if path else None
        return None


def survey(sources: list[SourceFile]) -> list[Survey]:
    """Of all modules: an app that one makes is known to the others that import it."""
    surveys = [_names_and_apps(source) for source in sources]
    apps = {f"{each.source.module}.{name}" for each in surveys for name in each.apps}
    # `from shop import celery_app`, which shop/__init__.py has from shop/celery.py
    for each in surveys:
        apps |= {f"{each.source.module}.{name}" for name, path in each.names.items() if path in apps}
    for each in surveys:
        each.tasks = list(_tasks(each, apps))
        each.settings = list(_settings(each, apps))
    return surveys


def literal(node: ast.expr | None) -> object:
    """The value of an expression that is one, None included. Raises ValueError where it is more."""
    if node is None:
        raise ValueError("there is no value")
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError("it is no literal") from error


def source_of(node: ast.expr) -> str:
    """The source of an expression, on one line."""
    text = ast.unparse(node)
    return text if '"' in text or "\\" in text else text.replace("'", '"')


def _names_and_apps(source: SourceFile) -> Survey:
    found = Survey(source)
    for node in ast.walk(source.tree):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    first = alias.name.split(".")[0]
                    found.names[alias.asname or first] = alias.name if alias.asname else first
            case ast.ImportFrom(names=names):
                package = _package(source, node)
                found.names.update({each.asname or each.name: f"{package}.{each.name}" for each in names})
    for node in source.tree.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                found.constants[name] = value
                if isinstance(value, ast.Call) and found.path_of(value.func) in ("celery.Celery", "celery.app.Celery"):
                    found.apps.add(name)
    return found


def _package(source: SourceFile, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = source.module.split(".")
    up = node.level - source.path.endswith("__init__.py")
    return ".".join([*parts[: len(parts) - up], *([node.module] if node.module else [])])


def _tasks(module: Survey, apps: set[str]) -> Iterator[FoundTask]:
    top_level = set(map(id, module.source.tree.body))
    names = list(_function_names(module.source.tree.body))
    for node in ast.walk(module.source.tree):
        if not isinstance(node, Function):
            continue
        for decorator in node.decorator_list:
            call = decorator.func if isinstance(decorator, ast.Call) else decorator
            path = module.path_of(call) or ""
            moved = path == "queueapp.contrib.celery.task"
            if moved or path in ("celery.shared_task", "celery.app.shared_task") or _is_of_app(path, apps):
                keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
                yield FoundTask(
                    source=module.source,
                    function=node,
                    decorator=decorator,
                    options={each.arg: each.value for each in keywords if each.arg},
                    has_star_options=any(each.arg is None for each in keywords),
                    nested=id(node) not in top_level,
                    twice=names.count(node.name) > 1,
                    moved=moved,
                )


def _function_names(body: list[ast.stmt]) -> Iterator[str]:
    """Of a module's own functions, those in its conditions too."""
    for node in body:
        if isinstance(node, Function):
            yield node.name
        elif not isinstance(node, ast.ClassDef):
            yield from _function_names([each for each in ast.walk(node) if isinstance(each, Function)])


def _is_of_app(path: str, apps: set[str]) -> bool:
    app, _, verb = path.rpartition(".")
    return verb == "task" and (app in apps or app.split(".")[-1] == "celery_app")


def _settings(module: Survey, apps: set[str]) -> Iterator[FoundSetting]:
    source = module.source
    for name, value in module.constants.items():
        if name.startswith("CELERY_"):
            yield FoundSetting(source, value.lineno, name.removeprefix("CELERY_").lower(), value)
    for node in ast.walk(source.tree):
        match node:
            case ast.Assign(targets=[ast.Attribute(value=ast.Attribute(attr="conf") as conf, attr=name)], value=value):
                if module.path_of(conf.value) in apps:
                    yield FoundSetting(source, value.lineno, name, value)
            case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="conf") as conf, attr="update")):
                if module.path_of(conf.value) in apps:
                    for key, value in _pairs(node):
                        yield FoundSetting(source, value.lineno, key, value)


def _pairs(call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """Of `update(name=value)` and `update({"name": value})`."""
    yield from ((each.arg, each.value) for each in call.keywords if each.arg)
    for argument in call.args:
        if isinstance(argument, ast.Dict):
            for key, value in zip(argument.keys, argument.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, value


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
